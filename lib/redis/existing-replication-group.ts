import { Stack, Token, Validations } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import { referredResource } from '../app-resources';
import { invalidProp, isKnown } from '../invalid-prop';
import type { StoredSecret } from '../node/stored-secret';
import { checkRequired } from '../required-options';
import { checkRegion } from '../same-region';
import { existingRedis } from './existing-redis';
import type { RedisBinding, RedisDatabases } from './redis';
import { OLDEST_VERSION_WITH_BLOOM_FILTER } from './redis-functions';

/** What a replication group does not say of itself. */
export interface ExistingReplicationGroupOptions {
  /**
   * The user of an access control list.
   *
   * @default - the default user
   */
  readonly username?: string;

  /**
   * The auth token, in Secrets Manager; required where the group has one.
   *
   * @default - none, with a warning
   */
  readonly password?: StoredSecret;

  /**
   * The logical database of each function: 0 to 15, unless its parameter group
   * says otherwise. Moving one while nodes run takes it away from them until the
   * last of them is replaced.
   *
   * @default - 0 cache, 1 sync signal, 2 lock, 3 queue, 4 worker ids
   */
  readonly databases?: RedisDatabases;

  /**
   * Its security groups. The nodes are let in on its port.
   *
   * @default - none: letting the nodes in is up to you (`cluster.connections`)
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** A Redis of which the template tells more than its address. */
export function existingReplicationGroup(
  scope: Construct,
  group: elasticache.CfnReplicationGroup,
  options: ExistingReplicationGroupOptions,
): RedisBinding {
  checkRequired(scope, { redis: group });
  checkRegion(scope, 'redis', {
    what: group.node.path,
    region: Stack.of(group).region,
    remedy: 'Give one of that region: what it holds is of use to the nodes beside it only',
  });
  refuseUnusable(scope, group, options);
  warnOfShortcomings(scope, group);
  const { transitEncryptionEnabled: tls } = group;
  const number = group.port === undefined ? undefined : { port: group.port };
  const binding = existingRedis(
    scope,
    { ...options, ...number, host: group.attrPrimaryEndPointAddress, tls: Token.isUnresolved(tls) || tls === true },
    group.attrPrimaryEndPointPort,
  );
  return { ...binding, replicationGroup: group };
}

function refuseUnusable(
  scope: Construct,
  group: elasticache.CfnReplicationGroup,
  options: ExistingReplicationGroupOptions,
) {
  const { clusterMode, numNodeGroups, nodeGroupConfiguration, globalReplicationGroupId, node } = group;
  const listed = Array.isArray(nodeGroupConfiguration) ? nodeGroupConfiguration.length : 1;
  const shards = numNodeGroups === undefined || Token.isUnresolved(numNodeGroups) ? listed : numNodeGroups;
  if (clusterMode === 'enabled' || shards > 1 || hasClusterParameters(group)) {
    throw invalidProp(scope, {
      prop: 'redis',
      problem: `${node.path} has cluster mode enabled, and NocoBase follows no redirects between shards`,
      remedy:
        "Use a replication group with clusterMode: 'disabled' and a parameter group without cluster-enabled, which has 16 databases",
    });
  }
  if (globalReplicationGroupId !== undefined) {
    throw invalidProp(scope, {
      prop: 'redis',
      problem: `${node.path} is a secondary of a global datastore, to which nobody can write`,
      remedy: 'Use a replication group of this region alone',
    });
  }
  if (group.authToken !== undefined && options.password === undefined) {
    throw invalidProp(scope, {
      prop: 'redis.password',
      problem: `is missing, and ${node.path} has an auth token`,
      remedy: 'Give the Secret that the token is in: StoredSecret.inSecretsManager(secret, field)',
    });
  }
}

/** Cluster mode is also switched on by the parameter group, whatever the group says itself. */
function hasClusterParameters({ cacheParameterGroupName: name }: elasticache.CfnReplicationGroup): boolean {
  if (name === undefined) return false;
  if (isKnown(name)) return /^default\..*\.cluster\.on$/.test(name);
  const parameters = referredResource(name);
  if (!elasticache.CfnParameterGroup.isCfnParameterGroup(parameters)) return false;
  const enabled = Stack.of(parameters).resolve(parameters.properties)?.['cluster-enabled'];
  return enabled === 'yes';
}

function warnOfShortcomings(scope: Construct, group: elasticache.CfnReplicationGroup) {
  // ElastiCache's own default is redis.
  const { engine = 'redis', engineVersion, cacheParameterGroupName, node } = group;
  const version =
    engineVersion === undefined || Token.isUnresolved(engineVersion) ? Number.NaN : Number.parseFloat(engineVersion);
  if (engine.toLowerCase() === 'redis' || version < OLDEST_VERSION_WITH_BLOOM_FILTER) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:redis-without-bloom-filter',
      `${node.path} (${engine}${engineVersion === undefined ? '' : ` ${engineVersion}`}) has no Bloom filter: NocoBase asks the database for revoked tokens instead, at every request. Valkey 8.1 and newer have one.`,
    );
  }
  if (cacheParameterGroupName === undefined || cacheParameterGroupName.startsWith('default.')) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:redis-evicts',
      `${node.path} has the parameter group of AWS, by which keys with a time to live are evicted when memory is short: locks and queued work go first. Give it one of its own with maxmemory-policy noeviction.`,
    );
  }
}
