import { type Duration, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { dataSubnets } from '../network/data-subnets';
import type { PartContext } from '../node/contribution';
import { StoredSecret } from '../node/stored-secret';
import { checkBeside, checkKey } from '../same-region';
import type { IRedis, RedisBinding, RedisDatabases } from './redis';
import { checkedDatabases } from './redis-databases';
import { redisContributions, redisUrls } from './redis-functions';
import { checkValkeyProps } from './valkey-checks';

/** What can be chosen for the managed Valkey. */
export interface ValkeyProps {
  /**
   * Node type. Changing it is done online.
   *
   * @default 'cache.t4g.small' - 2 vCPU, 1.37 GiB
   */
  readonly nodeType?: string;

  /**
   * Valkey version as ElastiCache writes it: major and minor, e.g. `8.2`. At
   * least 8.1, where ElastiCache got the Bloom filter that NocoBase keeps its
   * revoked tokens in; Redis OSS on ElastiCache ends at 7.1 and has none.
   *
   * @default '8.2'
   */
  readonly engineVersion?: string;

  /**
   * Replicas of the primary: 0 to 5.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * Promote a replica in another availability zone when the primary fails.
   * Needs at least one replica. Nodes that lose Redis crash and are replaced
   * when it does not come back within two minutes, so leave this on
   * wherever people work.
   *
   * @default - on when there is a replica
   */
  readonly automaticFailover?: boolean;

  /**
   * How long daily snapshots are kept: 0 (none) to 35 days. Everything in this
   * Redis can be rebuilt but jobs that wait in a Redis message queue.
   *
   * @default - no snapshots
   */
  readonly snapshotRetention?: Duration;

  /**
   * The logical database of each function: 0 to 15. Moving the queue's loses
   * what is queued, when the message queue is Redis.
   *
   * @default - 0 cache, 1 sync signal, 2 lock, 3 queue, 4 worker ids
   */
  readonly databases?: RedisDatabases;
}

/** Properties of a `ValkeyCache`. */
export interface ValkeyCacheProps extends ValkeyProps {
  /** The network. It cannot be changed: a subnet group stays in its VPC, and the deployment fails. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets over at least two availability zones, none of them public. They can
   * be changed as long as those stay that its nodes are in.
   *
   * @default - isolated subnets where they are in two zones, private ones otherwise
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The KMS key that encrypts the data and the auth token. Changing it replaces
   * the cache.
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;
}

const PORT = 6379;
/** Of a node-based cache with cluster mode disabled. */
const DATABASES = 16;

/**
 * An ElastiCache for Valkey replication group for NocoBase, cluster mode
 * disabled (16 logical databases).
 *
 * Usable on its own, e.g. in a stack with what holds data: it can be given as
 * `redis` of a cluster.
 */
export class ValkeyCache extends Construct implements ec2.IConnectable, IRedis {
  /** The replication group. */
  public readonly replicationGroup: elasticache.CfnReplicationGroup;

  /** The auth token, in the field `password`. */
  public readonly secret: secretsmanager.Secret;

  /** The network side, port 6379. */
  public readonly connections: ec2.Connections;

  private readonly databases: Required<RedisDatabases>;
  private readonly nodes: number;

  constructor(scope: Construct, id: string, props: ValkeyCacheProps) {
    super(scope, id);
    checkValkeyProps(this, props);
    checkKey(this, props.encryptionKey);
    this.databases = checkedDatabases(this, props.databases, undefined, DATABASES);
    const engineVersion = props.engineVersion ?? '8.2';
    const replicas = props.replicas ?? 1;
    this.nodes = replicas + 1;
    const automaticFailover = props.automaticFailover ?? replicas > 0;
    const snapshotDays = props.snapshotRetention?.toDays() ?? 0;

    const vpcSubnets = dataSubnets(this, props.vpc, props.vpcSubnets);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Redis of a NocoBase cluster',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(PORT) });

    // Alphanumeric: the token is part of URLs. Adding or removing it would replace the group.
    this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: 'Auth token of the Redis of a NocoBase cluster',
      encryptionKey: props.encryptionKey,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'password',
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The token is put into the replication group and into the URLs of the nodes when they are deployed; rotating the Secret would change neither.',
    });

    const subnetGroup = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Redis of a NocoBase cluster',
      subnetIds: props.vpc.selectSubnets(vpcSubnets).subnetIds,
    });
    // The default, volatile-lru, evicts keys with a time to live first, and those are locks and queue data
    // (taskforcesh/bullmq#2215). A group named by us also survives an engine upgrade.
    const parameterGroup = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: `valkey${engineVersion.split('.')[0]}`,
      description: 'Redis of a NocoBase cluster',
      properties: { 'maxmemory-policy': 'noeviction' },
    });

    this.replicationGroup = new elasticache.CfnReplicationGroup(this, 'ReplicationGroup', {
      replicationGroupDescription: 'Cache, sync signal, locks, queue and worker ids of a NocoBase cluster',
      engine: 'valkey',
      engineVersion,
      cacheNodeType: props.nodeType ?? 'cache.t4g.small',
      cacheParameterGroupName: parameterGroup.ref,
      cacheSubnetGroupName: subnetGroup.ref,
      securityGroupIds: [securityGroup.securityGroupId],
      clusterMode: 'disabled',
      numCacheClusters: this.nodes,
      automaticFailoverEnabled: automaticFailover,
      multiAzEnabled: automaticFailover,
      port: PORT,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      authToken: this.secret.secretValueFromJson('password').unsafeUnwrap(),
      atRestEncryptionEnabled: true,
      kmsKeyId: props.encryptionKey?.keyArn,
      autoMinorVersionUpgrade: true,
      snapshotRetentionLimit: snapshotDays,
    });
    Validations.of(this.replicationGroup).acknowledge({
      id: 'AwsSolutions-AEC5',
      reason: 'Access is limited by security group to the nodes; another port would hide nothing from them.',
    });
  }

  /** What the cluster takes over. Called by the cluster. */
  public bind(scope: Construct, _context: PartContext): RedisBinding {
    checkBeside(scope, 'redis', this);
    const { attrPrimaryEndPointAddress: host, attrPrimaryEndPointPort: port } = this.replicationGroup;
    const password = this.secret.secretValueFromJson('password').unsafeUnwrap();
    const urls = redisUrls(`rediss://:${password}@${host}:${port}`, this.databases);
    return {
      ...redisContributions(urls),
      urls,
      replicationGroup: this.replicationGroup,
      secret: this.secret,
      connections: this.connections,
    };
  }

  /** Lets somebody else read the auth token. The way there is opened by `connections`. */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    return StoredSecret.inSecretsManager(this.secret).grantRead(grantee);
  }

  /**
   * A metric of one node of the replication group (namespace AWS/ElastiCache), on
   * average over five minutes.
   *
   * @param metricName as CloudWatch has it, e.g. `CurrConnections`
   * @param nodeNumber from 1 on; which one is primary changes with failovers
   */
  public metric(metricName: string, nodeNumber: number, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      dimensionsMap: { CacheClusterId: `${this.replicationGroup.ref}-${String(nodeNumber).padStart(3, '0')}` },
      ...props,
    }).attachTo(this);
  }

  /**
   * The share of the memory that data takes, in percent, of the fullest node.
   * Nothing is evicted: at 100 nothing can be written any more.
   */
  public metricMemoryUsage(props?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    return this.highest('DatabaseMemoryUsagePercentage', props);
  }

  /** CPU of the one thread that answers, in percent, of the busiest node. */
  public metricEngineCpuUtilization(props?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    return this.highest('EngineCPUUtilization', props);
  }

  private highest(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    const nodes = Array.from({ length: this.nodes }, (_, index) => index + 1);
    return new cloudwatch.MathExpression({
      expression: `MAX([${nodes.map((node) => `node${node}`).join(', ')}])`,
      usingMetrics: Object.fromEntries(nodes.map((node) => [`node${node}`, this.metric(metricName, node, props)])),
      label: props?.label ?? metricName,
      period: props?.period,
    });
  }
}
