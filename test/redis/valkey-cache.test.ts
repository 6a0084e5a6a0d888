import { App, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Redis, ValkeyCache, type ValkeyCacheProps, type ValkeyProps } from '../../lib';
import { connectionUrls, environment, newCluster, only, render, synthesize } from '../cluster-fixture';
import { newPlace } from '../part-fixture';

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

test('nodes hear of another endpoint, and of another database', () => {
  const endpoint = (props?: ValkeyProps) => {
    const { template } = synthesize(props && { redis: Redis.valkey(props) });
    return render(environment(template).LAUNCHER_REDIS_ENDPOINT);
  };
  expect(endpoint()).toContain(only(synthesize().template, GROUP).id);
  expect(endpoint({ databases: { lock: 9 } })).not.toBe(endpoint());
});

test('functions may have other databases', () => {
  const { template } = synthesize({ redis: Redis.valkey({ databases: { cache: 15, lock: 8 } }) });
  const { CACHE_REDIS_URL, LOCK_ADAPTER_REDIS_URL, REDIS_URL } = connectionUrls(template);
  expect([CACHE_REDIS_URL, LOCK_ADAPTER_REDIS_URL, REDIS_URL].map((url) => url.split('/').pop())).toEqual([
    '15',
    '8',
    '4',
  ]);
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
  [
    'snapshots without a unit',
    { snapshotRetention: 7 as any },
    '`redis.snapshotRetention` must be a Duration, got: number. Write e.g. Duration.days(7)',
  ],
  [
    'a 17th database',
    { databases: { queue: 16 } },
    '`redis.databases.queue` must be a whole number between 0 and 15, got: 16.',
  ],
  ['one database for two', { databases: { lock: 0 } }, 'where `redis` has its cache already'],
])('%s is refused', (_, props, message) => {
  expect(() => newCluster({ redis: Redis.valkey(props) })).toThrow(message);
});

test('a node type that is looked up may not be there yet', () => {
  expect(() => newCluster({ redis: Redis.valkey({ nodeType: 'dummy-value-for-/type' }) })).not.toThrow();
});

describe('on its own', () => {
  const alone = (props: Partial<ValkeyCacheProps> = {}) => {
    const { stack, vpc } = newPlace();
    return { stack, vpc, redis: new ValkeyCache(stack, 'Shared', { vpc, ...props }) };
  };

  test('it lies where a cluster would put it', () => {
    const { stack, vpc } = alone();
    const { SubnetIds } = only(Template.fromStack(stack), 'AWS::ElastiCache::SubnetGroup').properties;
    expect(SubnetIds).toEqual(stack.resolve(vpc.privateSubnets.map(({ subnetId }) => subnetId)));
  });

  test('it is not put into public subnets', () => {
    expect(() => alone({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow(
      '`vpcSubnets` has public subnets',
    );
  });

  test('its key encrypts data and Secret', () => {
    const encryptionKey = Key.fromKeyArn(new Stack(new App()), 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/1');
    const template = Template.fromStack(alone({ encryptionKey }).stack);
    expect(only(template, GROUP).properties.KmsKeyId).toBe(encryptionKey.keyArn);
    expect(only(template, 'AWS::SecretsManager::Secret').properties.KmsKeyId).toBe(encryptionKey.keyArn);
  });

  test('somebody else may read its auth token', () => {
    const { stack, redis } = alone();
    redis.grantConnect(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Resource: { Ref: only(template, 'AWS::SecretsManager::Secret').id } })],
      },
    });
  });

  test('it has metrics of its nodes, and of the worst of them', () => {
    const { stack, redis } = alone({ replicas: 2 });
    const node = (number: number) => `${redis.replicationGroup.ref}-00${number}`;
    expect(redis.metric('CurrConnections', 2)).toMatchObject({
      namespace: 'AWS/ElastiCache',
      metricName: 'CurrConnections',
      dimensions: { CacheClusterId: node(2) },
    });
    const worst = redis.metricMemoryUsage({ period: Duration.minutes(1) });
    expect(worst.expression).toBe('MAX([node1, node2, node3])');
    expect(Object.values(worst.usingMetrics)).toMatchObject(
      [1, 2, 3].map((number) => ({
        metricName: 'DatabaseMemoryUsagePercentage',
        dimensions: { CacheClusterId: node(number) },
        period: Duration.minutes(1),
      })),
    );
    worst.createAlarm(stack, 'Full', { threshold: 80, evaluationPeriods: 3 });
    redis.metricEngineCpuUtilization().createAlarm(stack, 'Busy', { threshold: 90, evaluationPeriods: 3 });
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Alarm', 2);
  });
});
