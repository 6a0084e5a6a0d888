import { Stack, Token, Validations } from 'aws-cdk-lib';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type { IConstruct } from 'constructs';
import { pathOf, referredAttribute, referredResource } from '../app-resources';
import { invalidProp, isKnown } from '../invalid-prop';
import { CONFIGURATION_ENDPOINT } from './one-database';
import { OLDEST_VERSION_WITH_BLOOM_FILTER } from './redis-functions';

const READERS = /^replica\..*\.cache\.amazonaws\.com|-ro\.[^.]+\.ng\.0001\./;
const READER_ATTRIBUTES = /^Read(er)?EndPoint\.Address/;

/** Looks at what is known of the server at an address: by its name, or as a replication group of this app. */
export function checkKnownRedis(scope: IConstruct, host: string, hasPassword: boolean) {
  const { resource, attribute = '' } = referredAttribute(host) ?? {};
  const group = elasticache.CfnReplicationGroup.isCfnReplicationGroup(resource) ? resource : undefined;
  if (group ? READER_ATTRIBUTES.test(attribute) : isKnown(host) && READERS.test(host)) {
    throw invalidProp(scope, {
      prop: 'redis.host',
      problem: `${group ? pathOf(group) : `'${host}'`} is the reader endpoint of ElastiCache, to which nobody can write`,
      remedy: 'Give the primary endpoint, which begins with master. or has no -ro in it',
    });
  }
  if (group === undefined) return;
  refuseUnusable(scope, group, attribute, hasPassword);
  warnOfShortcomings(scope, group);
}

function refuseUnusable(
  scope: IConstruct,
  group: elasticache.CfnReplicationGroup,
  attribute: string,
  hasPassword: boolean,
) {
  const { clusterMode, numNodeGroups, nodeGroupConfiguration, globalReplicationGroupId, node } = group;
  const listed = Array.isArray(nodeGroupConfiguration) ? nodeGroupConfiguration.length : 1;
  const shards = numNodeGroups === undefined || Token.isUnresolved(numNodeGroups) ? listed : numNodeGroups;
  // With one shard it is a Redis with one database, if it is meant to be one.
  const isMeant = attribute === CONFIGURATION_ENDPOINT;
  if (shards > 1 || (!isMeant && (clusterMode === 'enabled' || hasClusterParameters(group)))) {
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
  if (group.authToken !== undefined && !hasPassword) {
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

function warnOfShortcomings(scope: IConstruct, group: elasticache.CfnReplicationGroup) {
  // ElastiCache's own default is redis.
  const { engine = 'redis', engineVersion, cacheParameterGroupName, node } = group;
  const version =
    engineVersion === undefined || Token.isUnresolved(engineVersion) ? Number.NaN : Number.parseFloat(engineVersion);
  if (engine.toLowerCase() === 'redis' || version < OLDEST_VERSION_WITH_BLOOM_FILTER) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:redis-without-bloom-filter',
      `${node.path} (${[engine, engineVersion].filter((text) => text !== undefined && isKnown(text)).join(' ')}) has no Bloom filter: NocoBase asks the database for revoked tokens instead, at every request. Valkey 8.1 and newer have one.`,
    );
  }
  if (cacheParameterGroupName === undefined || cacheParameterGroupName.startsWith('default.')) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:redis-evicts',
      `${node.path} has the parameter group of AWS, by which keys with a time to live are evicted when memory is short: locks and queued work go first. Give it one of its own with maxmemory-policy noeviction.`,
    );
  }
}
