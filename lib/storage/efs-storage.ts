import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { SharedStorageBinding } from './shared-storage';

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
  /** The network. Changing it replaces the mount targets. */
  readonly vpc: ec2.IVpc;

  /** Subnets with a mount target each. */
  readonly vpcSubnets: ec2.SubnetSelection;
}

const CLIENT_ACTIONS = [
  'elasticfilesystem:ClientMount',
  'elasticfilesystem:ClientWrite',
  'elasticfilesystem:ClientRootAccess',
];

/**
 * An EFS file system for `/app/nocobase/storage`. It stays when the stack is
 * deleted: it holds uploads and, possibly, key files.
 */
export class EfsStorage extends Construct implements ec2.IConnectable {
  /** The file system. */
  public readonly fileSystem: efs.FileSystem;

  /** What nodes mount: the directory `/nocobase`, as root. */
  public readonly accessPoint: efs.AccessPoint;

  /** The network side, port 2049. */
  public readonly connections: ec2.Connections;

  /** What the cluster takes over. */
  public readonly binding: SharedStorageBinding;

  constructor(scope: Construct, id: string, props: EfsStorageProps) {
    super(scope, id);

    this.fileSystem = new efs.FileSystem(this, 'FileSystem', {
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroup: new ec2.SecurityGroup(this, 'SecurityGroup', {
        vpc: props.vpc,
        description: 'Shared storage of a NocoBase cluster',
        allowAllOutbound: false,
      }),
      encrypted: true,
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

    this.binding = {
      fileSystem: this.fileSystem,
      accessPoint: this.accessPoint,
      connections: this.connections,
      contribution: {},
      volume: {
        fileSystemId: this.fileSystem.fileSystemId,
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: this.accessPoint.accessPointId, iam: 'ENABLED' },
      },
      // `grantRootAccess` cannot be limited to an access point; this is the same, limited.
      nodePolicies: [
        new iam.PolicyStatement({
          sid: 'MountSharedStorage',
          actions: CLIENT_ACTIONS,
          resources: [this.fileSystem.fileSystemArn],
          conditions: {
            StringEquals: { 'elasticfilesystem:AccessPointArn': this.accessPoint.accessPointArn },
          },
        }),
      ],
    };
  }
}
