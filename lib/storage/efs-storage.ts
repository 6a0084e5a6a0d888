import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { dataSubnets } from '../network/data-subnets';
import type { PartContext } from '../node/contribution';
import { checkBeside, checkKey } from '../same-region';
import { CLIENT_ACTIONS, mountedBy, throughAccessPoint } from './mount';
import type { ISharedStorage, SharedStorageBinding } from './shared-storage';

/** What can be chosen for the managed EFS. */
export interface EfsStorageOptions {
  /**
   * When files that nobody reads move to cheaper storage.
   *
   * @default efs.LifecyclePolicy.AFTER_30_DAYS
   */
  readonly lifecyclePolicy?: efs.LifecyclePolicy;
}

/** Properties of an `EfsStorage`. */
export interface EfsStorageProps extends EfsStorageOptions {
  /** The network. It cannot be changed: a file system is mounted in one VPC at a time. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets with a mount target each, one in a zone and none of them public.
   * Nodes mount in their own zone: have one in each zone that they are in.
   *
   * Zones can be added and left. To another subnet of a zone that has one already
   * a mount target does not move: CloudFormation makes the new one first, and EFS
   * takes one in a zone. Name the subnets as they were; the default is another
   * one when a VPC gets isolated subnets in two zones.
   *
   * @default - isolated subnets where they are in two zones, private ones otherwise
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The KMS key that encrypts the files. Changing it makes an empty file system
   * in place of this one, which stays.
   *
   * @default - the key that AWS manages for EFS
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * An EFS file system for `/app/nocobase/storage`. It stays when the stack is
 * deleted: it holds uploads and, possibly, key files.
 *
 * Usable on its own, e.g. in a stack with what holds data: it can be given as
 * `storage` of a cluster.
 */
export class EfsStorage extends Construct implements ec2.IConnectable, ISharedStorage {
  /** The file system. */
  public readonly fileSystem: efs.FileSystem;

  /** What nodes mount: the directory `/nocobase`, as root. */
  public readonly accessPoint: efs.AccessPoint;

  /** The network side, port 2049. */
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: EfsStorageProps) {
    super(scope, id);
    checkKey(this, props.encryptionKey);

    this.fileSystem = new efs.FileSystem(this, 'FileSystem', {
      vpc: props.vpc,
      vpcSubnets: dataSubnets(this, props.vpc, props.vpcSubnets, { onePerZone: true, singly: true }),
      securityGroup: new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc,
        description: 'Shared storage of a NocoBase cluster',
        allowAllOutbound: false,
      }),
      encrypted: true,
      kmsKey: props.encryptionKey,
      throughputMode: efs.ThroughputMode.ELASTIC,
      performanceMode: efs.PerformanceMode.GENERAL_PURPOSE,
      lifecyclePolicy: props.lifecyclePolicy ?? efs.LifecyclePolicy.AFTER_30_DAYS,
      outOfInfrequentAccessPolicy: efs.OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
      enableAutomaticBackups: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      // Without a policy EFS lets everybody in who reaches the port, and CDK's own has principal `*`.
      // This one admits nobody by itself, over TLS or otherwise: it leaves it to the IAM policies of this account.
      // (The access point cannot be named here: it depends on the file system.)
      fileSystemPolicy: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'LeaveToIamOfThisAccount',
            principals: [new iam.AccountRootPrincipal()],
            actions: CLIENT_ACTIONS,
            conditions: {
              Bool: { 'aws:SecureTransport': 'true', 'elasticfilesystem:AccessedViaMountTarget': 'true' },
            },
          }),
        ],
      }),
      // Not what it sounds like: it keeps CDK from adding its statement with principal `*` to the policy above.
      allowAnonymousAccess: true,
    });
    this.connections = this.fileSystem.connections;

    // The image runs as root, so the files have to be root's.
    this.accessPoint = this.fileSystem.addAccessPoint('AccessPoint', {
      path: '/nocobase',
      posixUser: { uid: '0', gid: '0' },
      createAcl: { ownerUid: '0', ownerGid: '0', permissions: '755' },
    });
  }

  /** What the cluster takes over. Called by the cluster. */
  public bind(scope: Construct, _context: PartContext): SharedStorageBinding {
    checkBeside(scope, 'storage', this);
    return mountedBy(this.fileSystem, this.accessPoint);
  }

  /** Lets somebody else mount the directory of the access point, as root. The way there is opened by `connections`. */
  public grantMount(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: CLIENT_ACTIONS,
      resourceArns: [this.fileSystem.fileSystemArn],
      conditions: throughAccessPoint(this.accessPoint),
    });
  }

  /**
   * A metric of the file system (namespace AWS/EFS), on average over five minutes.
   *
   * @param metricName as CloudWatch has it, e.g. `DataReadIOBytes`
   */
  public metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/EFS',
      metricName,
      dimensionsMap: { FileSystemId: this.fileSystem.fileSystemId },
      ...props,
    }).attachTo(this);
  }

  /** Nodes that have it mounted, summed over a minute: one each. */
  public metricClientConnections(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ClientConnections', { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1), ...props });
  }

  /** What is stored, in bytes, in all storage classes. Measured every 15 minutes. */
  public metricStorageBytes(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('StorageBytes', {
      dimensionsMap: { FileSystemId: this.fileSystem.fileSystemId, StorageClass: 'Total' },
      period: Duration.minutes(15),
      ...props,
    });
  }
}
