import { CfnParameter, type Stack } from 'aws-cdk-lib';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as memorydb from 'aws-cdk-lib/aws-memorydb';
import { type ExistingRedisOptions, Redis } from '../../lib';
import { newPlace, stored, warnings } from '../part-fixture';

/** A Redis by its endpoint in this app, which is a token. */
function on(hostOf: (stack: Stack) => string, options: Partial<ExistingRedisOptions> = {}) {
  const { stack, context } = newPlace();
  const redis = Redis.existing({ host: hostOf(stack), password: stored(stack, 'redis'), ...options });
  return { stack, binding: redis.bind(stack, context) };
}

const group = (stack: Stack, props: Partial<elasticache.CfnReplicationGroupProps> = {}) =>
  new elasticache.CfnReplicationGroup(stack, 'Company', {
    replicationGroupDescription: 'Redis of a company',
    engine: 'valkey',
    engineVersion: '8.2',
    cacheParameterGroupName: 'company-valkey8',
    ...props,
  });

test.each<[string, (stack: Stack) => string, string]>([
  [
    'the readers of a replication group',
    (stack) => group(stack).attrReaderEndPointAddress,
    '`redis.host` Prod/Company is the reader endpoint of ElastiCache, to which nobody can write.',
  ],
  [
    'shards behind the configuration endpoint',
    (stack) => group(stack, { numNodeGroups: 2 }).attrConfigurationEndPointAddress,
    '`redis` Prod/Company has cluster mode enabled, and NocoBase follows no redirects',
  ],
  [
    'cluster mode',
    (stack) => group(stack, { clusterMode: 'enabled' }).attrPrimaryEndPointAddress,
    '`redis` Prod/Company has cluster mode enabled',
  ],
])('%s is refused', (_, hostOf, message) => {
  expect(() => on(hostOf)).toThrow(message);
});

test('a replication group with an auth token needs the password', () => {
  const hostOf = (stack: Stack) => group(stack, { authToken: 'x' }).attrPrimaryEndPointAddress;
  expect(() => on(hostOf, { password: undefined })).toThrow(
    '`redis.password` is missing, and Prod/Company has an auth token.',
  );
  expect(() => on(hostOf)).not.toThrow();
});

test.each<[string, Partial<elasticache.CfnReplicationGroupProps>, string[]]>([
  ['what it lacks', { engineVersion: '8.0' }, ['Prod/Company (valkey 8.0) has no Bloom filter']],
  ['nothing', {}, []],
])('of a replication group by its primary endpoint %s is warned of', (_, props, expected) => {
  const { stack } = on((of) => group(of, props).attrPrimaryEndPointAddress);
  expect(warnings(stack)).toEqual(expected.map((sentence) => expect.stringContaining(sentence)));
});

test('no token is in what is said', () => {
  const { stack } = on((of) => {
    const engineVersion = new CfnParameter(of, 'Version').valueAsString;
    return group(of, { engine: 'redis', engineVersion }).attrPrimaryEndPointAddress;
  });
  expect(warnings(stack)).toEqual([expect.stringContaining('Prod/Company (redis) has no Bloom filter')]);
});

test.each<[string, (stack: Stack) => string]>([
  ['one shard', (stack) => group(stack, { clusterMode: 'enabled' }).attrConfigurationEndPointAddress],
  [
    'ElastiCache Serverless',
    (stack) =>
      new elasticache.CfnServerlessCache(stack, 'Company', { serverlessCacheName: 'company', engine: 'valkey' })
        .attrEndpointAddress,
  ],
  [
    'MemoryDB',
    (stack) =>
      new memorydb.CfnCluster(stack, 'Company', {
        aclName: 'company',
        clusterName: 'company',
        nodeType: 'db.t4g.small',
      }).attrClusterEndpointAddress,
  ],
])('%s has database 0 only, and a warning', (_, hostOf) => {
  const { binding, stack } = on(hostOf);
  expect(new Set(Object.values(binding.urls).map((url) => url.slice(-2)))).toEqual(new Set(['/0']));
  expect(warnings(stack)).toEqual([expect.stringContaining('Prod/Company may have shards and has database 0 only')]);
  expect(binding.claimsRemedy).toContain('Give each function a Redis of its own');
  expect(() => on(hostOf, { databases: { lock: 2 } })).toThrow('`redis.databases.lock` 2 is not there');
});
