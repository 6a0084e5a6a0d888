import { CfnParameter, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Secret as EcsSecret } from 'aws-cdk-lib/aws-ecs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type ExistingRedisOptions, Redis, StoredSecret } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { named, newPlace, reference, stored, told, warnings } from '../part-fixture';

const PEM = RDS_ROOTS['us-east-1'];

/** A Redis of one's own, with what a test changes about it. */
function bind(options: Partial<ExistingRedisOptions> | ((stack: Stack) => Partial<ExistingRedisOptions>) = {}) {
  const { stack, context } = newPlace();
  const given = typeof options === 'function' ? options(stack) : options;
  const binding = Redis.existing({
    host: 'redis.internal',
    password: stored(stack, 'redis', 'token'),
    ...given,
  }).bind(stack, context);
  return { stack, binding, told: told(stack, binding.contribution, binding.adapterContribution) };
}

const functions = {
  CACHE_REDIS_URL: 'cache',
  PUBSUB_ADAPTER_REDIS_URL: 'syncSignal',
  LOCK_ADAPTER_REDIS_URL: 'lock',
  QUEUE_ADAPTER_REDIS_URL: 'queue',
  REDIS_URL: 'workerIds',
};

test('each function has its URL: over TLS, with the password as a reference, in a database of its own', () => {
  const { told } = bind();
  for (const [index, variable] of Object.keys(functions).entries()) {
    expect(told[variable]).toBe(`rediss://:${reference('redis', 'token')}@redis.internal:6379/${index}`);
  }
  expect(told).toMatchObject({ CACHE_DEFAULT_STORE: 'redis', LOCK_ADAPTER_DEFAULT: 'redis' });
});

test('nothing is made for it, and nobody warned', () => {
  const { stack } = bind();
  Template.fromStack(stack).resourceCountIs('AWS::ElastiCache::ReplicationGroup', 0);
  expect(warnings(stack)).toEqual([]);
});

test('user, port and databases are what they are', () => {
  const { told } = bind({ username: 'crm', port: 6380, databases: { cache: 7, workerIds: 25 } });
  const server = `rediss://crm:${reference('redis', 'token')}@redis.internal:6380`;
  expect(told).toMatchObject({
    CACHE_REDIS_URL: `${server}/7`,
    LOCK_ADAPTER_REDIS_URL: `${server}/2`,
    REDIS_URL: `${server}/25`,
  });
});

test('its own root certificate is trusted', () => {
  expect(bind({ caCertificate: PEM }).binding.contribution.trustedCertificates).toEqual([PEM]);
  expect(bind().binding.contribution.trustedCertificates).toEqual([]);
});

test('the password is looked at before a deployment: a URL has to carry it', () => {
  const { binding } = bind();
  expect(Object.entries(binding.urlParts!)).toEqual([
    ['password of Redis', expect.objectContaining({ field: 'token', storeName: 'redis' })],
  ]);
  expect(bind({ password: undefined }).binding.urlParts).toBeUndefined();
});

describe('nodes start anew, since ECS does not look into Secrets, with another', () => {
  const endpoint = (options: Parameters<typeof bind>[0] = {}) => bind(options).told.LAUNCHER_REDIS_ENDPOINT;

  test.each<[string, Parameters<typeof bind>[0]]>([
    ['host', { host: 'other.internal' }],
    ['port', { port: 6380 }],
    ['protocol', { tls: false }],
    ['database', { databases: { lock: 9 } }],
    ['user', { username: 'crm' }],
    ['Secret', (stack) => ({ password: stored(stack, 'other', 'token') })],
    ['field of the Secret', (stack) => ({ password: stored(stack, 'redis', 'other') })],
  ])('%s', (_, options) => {
    expect(endpoint(options)).not.toBe(endpoint());
  });

  test('without being told a password in passing', () => {
    expect(endpoint()).not.toContain('resolve:');
    expect(endpoint({ username: 'crm' })).toMatch(/^rediss crm@redis\.internal:6379\/0 /);
    expect(endpoint()).toMatch(/^rediss redis\.internal:6379\/0 /);
  });
});

test('nodes are let in to the security groups that are named, and nowhere by ourselves', () => {
  const { binding } = bind((stack) => ({
    port: 6380,
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
  }));
  expect(binding.connections!.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1']);
  expect(binding.connections!.defaultPort!.toString()).toBe('6380');
  expect(bind().binding.connections).toBeUndefined();
});

test('each function claims its database, and signals the server: they know no databases', () => {
  const { claims, adapterClaims } = bind({ username: 'crm', host: 'Redis.internal' }).binding;
  expect(claims).toEqual({ cache: 'Redis redis.internal:6379/0' });
  expect(adapterClaims).toEqual({
    syncSignal: 'Redis redis.internal:6379/1',
    lock: 'Redis redis.internal:6379/2',
    queue: 'Redis redis.internal:6379/3',
    workerIds: 'Redis redis.internal:6379/4',
    'channels of syncSignal': 'Redis redis.internal:6379',
  });
});

test('host, port, user and certificate may be known at the deployment only', () => {
  const { stack, context } = newPlace();
  const port = new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber;
  const text = (id: string) => new CfnParameter(stack, id).valueAsString;
  const redis = Redis.existing({
    host: text('Host'),
    port,
    username: text('User'),
    caCertificate: text('Ca'),
    password: stored(stack, 'redis'),
    securityGroups: [],
  });
  const [one, other] = ['One', 'Other'].map((id) => redis.bind(new Construct(stack, id), context));
  expect(told(stack, one.contribution).CACHE_REDIS_URL).toBe(`rediss://<User>:${reference('redis')}@<Host>:<Port>/0`);
  expect(one.claims).toEqual(other.claims);
  expect(one.adapterClaims).toEqual(other.adapterClaims);
});

test.each<[string, Partial<ExistingRedisOptions>, string]>([
  ['without TLS', { tls: false }, 'cdk-nocobase:redis-without-tls'],
  ['without password', { password: undefined }, 'cdk-nocobase:redis-without-password'],
])('a Redis %s is warned of', (_, options, id) => {
  expect(warnings(bind(options).stack)).toEqual([expect.stringContaining(id)]);
});

test('without password and TLS the URL is bare', () => {
  expect(bind({ password: undefined, tls: false }).told.REDIS_URL).toBe('redis://redis.internal:6379/4');
});

describe.each([
  ['ElastiCache with shards', 'clustercfg.crm.abc123.euc1.cache.amazonaws.com'],
  ['MemoryDB', 'clustercfg.crm.abc123.memorydb.eu-central-1.amazonaws.com'],
  ['ElastiCache Serverless', 'crm-abc123.serverless.euc1.cache.amazonaws.com'],
])('%s', (_, host) => {
  test('has database 0 only, and a warning', () => {
    const { binding, stack } = bind({ host });
    expect(new Set(Object.values(binding.urls).map((url) => url.slice(-2)))).toEqual(new Set(['/0']));
    expect(warnings(stack)).toEqual([expect.stringContaining('may have shards and has database 0 only')]);
    // Which the cluster refuses unless it is for one of them.
    expect(binding.adapterClaims!.lock).toBe(binding.claims!.cache);
    expect(binding.claimsRemedy).toContain('has database 0 only. Give each function a Redis of its own');
  });

  test('refuses another database', () => {
    expect(() => bind({ host, databases: { lock: 2 } })).toThrow(
      '`redis.databases.lock` 2 is not there: this kind of Redis has database 0 only. Give each function a Redis of its own, with Redis.perFunction',
    );
  });
});

test('of ElastiCache Serverless it is said that it evicts', () => {
  const [warning] = warnings(bind({ host: 'crm-abc123.serverless.euc1.cache.amazonaws.com' }).stack);
  expect(warning).toContain('ElastiCache Serverless evicts');
});

test.each([
  'master.crm.abc123.euc1.cache.amazonaws.com',
  'crm.abc123.ng.0001.euc1.cache.amazonaws.com',
  'serverless.internal',
])('%s has logical databases', (host) => {
  const { stack, told } = bind({ host });
  expect(told.REDIS_URL).toMatch(/\/4$/);
  expect(warnings(stack)).toEqual([]);
});

test('what is looked up may not be there yet', () => {
  // What StringParameter.valueFromLookup answers.
  const pending = 'dummy-value-for-/redis';
  expect(() => bind({ host: pending, username: pending, caCertificate: pending })).not.toThrow();
});

test.each<[string, Parameters<typeof bind>[0], string]>([
  [
    'nothing for a host',
    { host: process.env.NOBODY_SETS_THIS },
    '`redis.host` is missing, and there is no default for it.',
  ],
  [
    'a URL',
    { host: 'rediss://redis' },
    "`redis.host` must be the name or IPv4 address of a server, got: 'rediss://redis'.",
  ],
  ['a port that is none', { port: 0 }, '`redis.port` must be a whole number between 1 and 65535, got: 0.'],
  ['a path for a certificate', { caCertificate: '/etc/ca.pem' }, '`redis.caCertificate` is not one PEM certificate.'],
  ['a user that no URL carries', { username: 'c@rm' }, "`redis.username` 'c@rm' cannot stand in a URL as it is."],
  [
    'a user without password',
    { username: 'crm', password: undefined },
    '`redis.username` has no `redis.password`, without which nobody signs in.',
  ],
  [
    'half a database',
    { databases: { cache: 0.5 } },
    '`redis.databases.cache` must be a whole number from 0 on, got: 0.5.',
  ],
  ['a database below zero', { databases: { queue: -1 } }, '`redis.databases.queue` must be a whole number from 0 on'],
  [
    'a database that is not known yet',
    (stack) => ({ databases: { lock: new CfnParameter(stack, 'Lock', { type: 'Number' }).valueAsNumber } }),
    '`redis.databases.lock` is a token',
  ],
  [
    'the readers of ElastiCache',
    { host: 'replica.crm.abc123.euc1.cache.amazonaws.com' },
    "`redis.host` 'replica.crm.abc123.euc1.cache.amazonaws.com' is the reader endpoint of ElastiCache",
  ],
  ['the readers without TLS', { host: 'crm-ro.abc123.ng.0001.euc1.cache.amazonaws.com' }, 'is the reader endpoint'],
  [
    'a password in Parameter Store',
    (stack) => ({
      password: StoredSecret.inParameterStore(
        StringParameter.fromSecureStringParameterAttributes(stack, 'Token', { parameterName: '/redis/token' }),
      ),
    }),
    '`redis.password` is in Parameter Store, from where CloudFormation cannot put it into a URL. Store it in Secrets Manager',
  ],
  [
    'a Secret for a password',
    (stack) => ({ password: named(stack, 'redis') as any }),
    '`redis.password` is no StoredSecret, so it is not known where it is. Write StoredSecret.inSecretsManager(',
  ],
  [
    'a secret of ECS for a password',
    (stack) => ({ password: EcsSecret.fromSecretsManager(named(stack, 'redis')) as any }),
    '`redis.password` is no StoredSecret',
  ],
  [
    'a value for a password',
    (stack) => ({ password: named(stack, 'redis').secretValue as any }),
    '`redis.password` is no StoredSecret',
  ],
  [
    'a security group that is not there',
    { securityGroups: [undefined as any] },
    '`redis.securityGroups` must be security groups, and one of them is no group but: nothing.',
  ],
])('%s is refused', (_, options, message) => {
  expect(() => bind(options)).toThrow(message);
});

test('a user that is percent-encoded stands in the URL as it is', () => {
  expect(bind({ username: 'c%40rm' }).told.REDIS_URL).toContain('rediss://c%40rm:');
});
