import { Duration } from 'aws-cdk-lib';
import { Redis, type ValkeyProps } from '../../lib';
import { connectionUrls, environment, newCluster, only, render, synthesize } from '../cluster-fixture';

const GROUP = 'AWS::ElastiCache::ReplicationGroup';

test('a primary and a replica with failover, TLS, auth token, encryption, one shard', () => {
  expect(only(synthesize().template, GROUP).properties).toMatchObject({
    Engine: 'valkey',
    EngineVersion: '8.2',
    ClusterMode: 'disabled',
    NumCacheClusters: 2,
    AutomaticFailoverEnabled: true,
    MultiAZEnabled: true,
    TransitEncryptionEnabled: true,
    TransitEncryptionMode: 'required',
    AtRestEncryptionEnabled: true,
  });
});

test('nothing is evicted: locks and queue data would be first', () => {
  const { template } = synthesize();
  const { id, properties } = only(template, 'AWS::ElastiCache::ParameterGroup');
  expect(properties).toMatchObject({
    CacheParameterGroupFamily: 'valkey8',
    Properties: { 'maxmemory-policy': 'noeviction' },
  });
  expect(only(template, GROUP).properties.CacheParameterGroupName).toEqual({ Ref: id });
});

test('the parameter group follows the major version', () => {
  const { template } = synthesize({ redis: Redis.valkey({ engineVersion: '9.0' }) });
  expect(only(template, 'AWS::ElastiCache::ParameterGroup').properties.CacheParameterGroupFamily).toBe('valkey9');
});

test('each function has a logical database of its own, over TLS, with the token of the group', () => {
  const { template } = synthesize();
  const { id, properties } = only(template, GROUP);
  const url = (database: number) =>
    `rediss://:${render(properties.AuthToken)}@<${id}.PrimaryEndPoint.Address>:<${id}.PrimaryEndPoint.Port>/${database}`;
  expect(render(properties.AuthToken)).toMatch(/^\{\{resolve:secretsmanager:<.*>:SecretString:password::\}\}$/);
  expect(connectionUrls(template)).toMatchObject({
    CACHE_REDIS_URL: url(0),
    PUBSUB_ADAPTER_REDIS_URL: url(1),
    LOCK_ADAPTER_REDIS_URL: url(2),
    QUEUE_ADAPTER_REDIS_URL: url(3),
    REDIS_URL: url(4),
  });
  expect(environment(template)).toMatchObject({ CACHE_DEFAULT_STORE: 'redis', LOCK_ADAPTER_DEFAULT: 'redis' });
});

test('nodes hear of another endpoint', () => {
  const { template } = synthesize();
  expect(render(environment(template).LAUNCHER_REDIS_ENDPOINT)).toContain(only(template, GROUP).id);
});

test('sizes are passed on', () => {
  const { template } = synthesize({
    redis: Redis.valkey({ nodeType: 'cache.m7g.large', replicas: 2, snapshotRetention: Duration.days(3) }),
  });
  expect(only(template, GROUP).properties).toMatchObject({
    CacheNodeType: 'cache.m7g.large',
    NumCacheClusters: 3,
    SnapshotRetentionLimit: 3,
  });
});

test('a single node has no failover', () => {
  const { template } = synthesize({ redis: Redis.valkey({ replicas: 0 }) });
  expect(only(template, GROUP).properties).toMatchObject({ NumCacheClusters: 1, AutomaticFailoverEnabled: false });
});

test.each<[string, ValkeyProps, string]>([
  [
    'Valkey 7.2, without Bloom filter,',
    { engineVersion: '7.2' },
    "`redis.engineVersion` 7.2 has no Bloom filter, which NocoBase's list of revoked tokens needs. Use Valkey 8.1 or newer",
  ],
  ['Valkey 8.0', { engineVersion: '8.0' }, '8.0 has no Bloom filter'],
  ['Redis OSS 7.1', { engineVersion: '7.1' }, 'Redis OSS on ElastiCache ends at 7.1 and has none'],
  [
    'an engine in the version',
    { engineVersion: 'redis7.1' },
    "must be major and minor version of Valkey, got: 'redis7.1'",
  ],
  ['a patch version', { engineVersion: '9.0.0' }, "ElastiCache takes '8.2', not '8.2.0'"],
  [
    'failover with one node',
    { replicas: 0, automaticFailover: true },
    '`redis.automaticFailover` true needs a node to fail over to, and `redis.replicas` is 0.',
  ],
  ['six replicas', { replicas: 6 }, '`redis.replicas` must be a whole number between 0 and 5, got: 6.'],
  [
    'a node type without prefix',
    { nodeType: 'm7g.large' },
    "`redis.nodeType` 'm7g.large' is not an ElastiCache node type.",
  ],
  [
    'snapshots for 36 days',
    { snapshotRetention: Duration.days(36) },
    '`redis.snapshotRetention` must be between 0 and 35 whole days, got: 36.',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => newCluster({ redis: Redis.valkey(props) })).toThrow(message);
});
