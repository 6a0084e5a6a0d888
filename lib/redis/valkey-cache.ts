import { type Duration, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { invalidProp, refuseToken } from '../invalid-prop';
import type { RedisBinding } from './redis';

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
   * when it does not come back within `unhealthyTimeout`, so leave this on
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
}

/** Properties of a `ValkeyCache`. */
export interface ValkeyCacheProps extends ValkeyProps {
  /** The network. Changing it replaces the cache. */
  readonly vpc: ec2.IVpc;

  /** Subnets over at least two availability zones. */
  readonly vpcSubnets: ec2.SubnetSelection;
}

const PORT = 6379;
const OLDEST_VERSION_WITH_BLOOM_FILTER = 8.1;

/** An ElastiCache for Valkey replication group for NocoBase, cluster mode disabled (16 logical databases). */
export class ValkeyCache extends Construct implements ec2.IConnectable {
  /** The replication group. */
  public readonly replicationGroup: elasticache.CfnReplicationGroup;

  /** The auth token, in the field `password`. */
  public readonly secret: secretsmanager.Secret;

  /** The network side, port 6379. */
  public readonly connections: ec2.Connections;

  /** What the cluster takes over. */
  public readonly binding: RedisBinding;

  constructor(scope: Construct, id: string, props: ValkeyCacheProps) {
    super(scope, id);
    this.validate(props);
    const engineVersion = props.engineVersion ?? '8.2';
    const replicas = props.replicas ?? 1;
    const automaticFailover = props.automaticFailover ?? replicas > 0;
    const snapshotDays = props.snapshotRetention?.toDays() ?? 0;

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Redis of a NocoBase cluster',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(PORT) });

    // Alphanumeric: the token is part of URLs. Adding or removing it would replace the group.
    this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: 'Auth token of the Redis of a NocoBase cluster',
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'password',
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Nodes read the URL with the token when they start; a rotation has to be followed by a deployment.',
    });

    const subnetGroup = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Redis of a NocoBase cluster',
      subnetIds: props.vpc.selectSubnets(props.vpcSubnets).subnetIds,
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
      numCacheClusters: replicas + 1,
      automaticFailoverEnabled: automaticFailover,
      multiAzEnabled: automaticFailover,
      port: PORT,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      authToken: this.secret.secretValueFromJson('password').unsafeUnwrap(),
      atRestEncryptionEnabled: true,
      autoMinorVersionUpgrade: true,
      snapshotRetentionLimit: snapshotDays,
    });
    Validations.of(this.replicationGroup).acknowledge({
      id: 'AwsSolutions-AEC5',
      reason: 'Access is limited by security group to the nodes; another port would hide nothing from them.',
    });

    const url = (database: number) =>
      `rediss://:${this.secret.secretValueFromJson('password').unsafeUnwrap()}@${this.replicationGroup.attrPrimaryEndPointAddress}:${this.replicationGroup.attrPrimaryEndPointPort}/${database}`;
    this.binding = {
      replicationGroup: this.replicationGroup,
      secret: this.secret,
      connections: this.connections,
      contribution: {
        environment: {
          CACHE_DEFAULT_STORE: 'redis',
          // The URLs are in a Secret: this is how the nodes change when the endpoint does.
          LAUNCHER_REDIS_ENDPOINT: this.replicationGroup.attrPrimaryEndPointAddress,
        },
        connectionUrls: { CACHE_REDIS_URL: url(0) },
      },
      adapterPlugins: [
        '@nocobase/plugin-pubsub-adapter-redis',
        '@nocobase/plugin-lock-adapter-redis',
        '@nocobase/plugin-workerid-allocator-redis',
      ],
      adapterContribution: {
        environment: { LOCK_ADAPTER_DEFAULT: 'redis' },
        connectionUrls: {
          PUBSUB_ADAPTER_REDIS_URL: url(1),
          LOCK_ADAPTER_REDIS_URL: url(2),
          // Idle while `QUEUE_ADAPTER` names another queue.
          QUEUE_ADAPTER_REDIS_URL: url(3),
          REDIS_URL: url(4),
        },
      },
    };
  }

  private validate(props: ValkeyCacheProps) {
    const version = props.engineVersion;
    refuseToken(this, 'redis.engineVersion', version);
    if (version !== undefined) {
      if (!/^\d+\.\d+$/.test(version)) {
        throw invalidProp(this, {
          prop: 'redis.engineVersion',
          problem: `must be major and minor version of Valkey, got: '${version}'`,
          remedy: "ElastiCache takes '8.2', not '8.2.0' and not 'valkey8.2'",
        });
      }
      if (Number.parseFloat(version) < OLDEST_VERSION_WITH_BLOOM_FILTER) {
        throw invalidProp(this, {
          prop: 'redis.engineVersion',
          problem: `${version} has no Bloom filter, which NocoBase's list of revoked tokens needs`,
          remedy: 'Use Valkey 8.1 or newer, or leave it out for 8.2; Redis OSS on ElastiCache ends at 7.1 and has none',
        });
      }
    }
    const nodeType = props.nodeType;
    if (nodeType !== undefined && !Token.isUnresolved(nodeType) && !/^cache\.[a-z0-9-]+\.[a-z0-9]+$/.test(nodeType)) {
      throw invalidProp(this, {
        prop: 'redis.nodeType',
        problem: `'${nodeType}' is not an ElastiCache node type`,
        remedy: "Write it with its prefix, e.g. 'cache.t4g.small' or 'cache.m7g.large'",
      });
    }
    const replicas = props.replicas ?? 1;
    refuseToken(this, 'redis.replicas', replicas);
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > 5) {
      throw invalidProp(this, {
        prop: 'redis.replicas',
        problem: `must be a whole number between 0 and 5, got: ${replicas}`,
        remedy: 'Use 1 for a primary and a replica in two availability zones',
      });
    }
    if (props.automaticFailover && replicas === 0) {
      throw invalidProp(this, {
        prop: 'redis.automaticFailover',
        problem: 'true needs a node to fail over to, and `redis.replicas` is 0',
        remedy: 'Set `redis.replicas` to 1 or leave `automaticFailover` out',
      });
    }
    const retention = props.snapshotRetention;
    const days = retention?.isUnresolved() ? 0 : (retention?.toDays({ integral: false }) ?? 0);
    if (!Number.isInteger(days) || days > 35) {
      throw invalidProp(this, {
        prop: 'redis.snapshotRetention',
        problem: `must be between 0 and 35 whole days, got: ${days}`,
        remedy: 'Leave it out for no snapshots',
      });
    }
  }
}
