import { CfnParameter, Stack } from 'aws-cdk-lib';
import { CfnParameterGroup, CfnReplicationGroup, type CfnReplicationGroupProps } from 'aws-cdk-lib/aws-elasticache';
import { type ExistingReplicationGroupOptions, Redis } from '../../lib';
import { newPlace, reference, stored, told, warnings } from '../part-fixture';

const USUAL: CfnReplicationGroupProps = {
  replicationGroupDescription: 'Redis of a company',
  engine: 'valkey',
  engineVersion: '8.2',
  cacheParameterGroupName: 'company-valkey8',
  clusterMode: 'disabled',
  transitEncryptionEnabled: true,
};

type Given<T> = T | ((stack: Stack) => T);

function bind(props: Given<Partial<CfnReplicationGroupProps>> = {}, options?: ExistingReplicationGroupOptions) {
  const { stack, context } = newPlace();
  const given = typeof props === 'function' ? props(stack) : props;
  const group = new CfnReplicationGroup(stack, 'Company', { ...USUAL, ...given });
  const binding = Redis.fromReplicationGroup(group, options ?? { password: stored(stack, 'redis') }).bind(
    stack,
    context,
  );
  return { stack, group, binding, told: told(stack, binding.contribution, binding.adapterContribution) };
}

test('nodes speak to its primary, whose port is known at the deployment only', () => {
  const { told, binding, group, stack } = bind();
  expect(told.LOCK_ADAPTER_REDIS_URL).toBe(
    `rediss://:${reference('redis')}@<Company.PrimaryEndPoint.Address>:<Company.PrimaryEndPoint.Port>/2`,
  );
  expect(binding.replicationGroup).toBe(group);
  expect(warnings(stack)).toEqual([]);
});

test('a port that is said is the one that nodes are let in on', () => {
  const { stack, context } = newPlace();
  const group = new CfnReplicationGroup(stack, 'Company', { ...USUAL, port: 6380 });
  const binding = Redis.fromReplicationGroup(group, { password: stored(stack, 'redis'), securityGroups: [] });
  expect(binding.bind(stack, context).connections!.defaultPort!.toString()).toBe('6380');
});

test('two clusters on one group are seen to be in one place', () => {
  const { stack, context } = newPlace();
  const group = new CfnReplicationGroup(stack, 'Company', USUAL);
  const claims = ['One', 'Other'].map((id) => {
    const scope = new CfnParameter(stack, id);
    return Redis.fromReplicationGroup(group, { password: stored(stack, 'redis') }).bind(scope, context).claims;
  });
  expect(claims[0]).toEqual(claims[1]);
});

test.each<[string, Given<Partial<CfnReplicationGroupProps>>, string]>([
  [
    'cluster mode',
    { clusterMode: 'enabled' },
    '`redis` Prod/Company has cluster mode enabled, and NocoBase follows no redirects',
  ],
  [
    'the parameter group of AWS for it',
    { cacheParameterGroupName: 'default.valkey8.cluster.on' },
    'has cluster mode enabled',
  ],
  [
    'a parameter group of the app for it',
    (stack) => ({
      cacheParameterGroupName: new CfnParameterGroup(stack, 'Parameters', {
        cacheParameterGroupFamily: 'valkey8',
        description: 'x',
        properties: { 'cluster-enabled': 'yes' },
      }).ref,
    }),
    'has cluster mode enabled',
  ],
  ['shards', { numNodeGroups: 3 }, 'has cluster mode enabled'],
  ['shards, each with its own place', { nodeGroupConfiguration: [{}, {}] }, 'has cluster mode enabled'],
  [
    'a secondary of a global datastore',
    { globalReplicationGroupId: 'global-crm' },
    '`redis` Prod/Company is a secondary of a global datastore, to which nobody can write.',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => bind(props)).toThrow(message);
});

test('one of another region is refused', () => {
  const env = { account: '111122223333', region: 'eu-central-1' };
  const { stack, context } = newPlace({ env });
  const elsewhere = new Stack(stack, 'Elsewhere', { env: { ...env, region: 'us-east-1' } });
  const group = new CfnReplicationGroup(elsewhere, 'Company', USUAL);
  expect(() => Redis.fromReplicationGroup(group).bind(stack, context)).toThrow(
    '`redis` Prod/Elsewhere/Company is in us-east-1, and has to be in eu-central-1.',
  );
});

test('a name is not one', () => {
  const { stack, context } = newPlace();
  expect(() => Redis.fromReplicationGroup('company' as any).bind(stack, context)).toThrow(
    '[Prod]: `redis` must be a CfnReplicationGroup, got: string. Give one of this app, or the address of any other',
  );
});

test('an auth token has to be given where there is one', () => {
  expect(() => bind({ authToken: '{{resolve:secretsmanager:redis}}' }, {})).toThrow(
    '`redis.password` is missing, and Prod/Company has an auth token. Give the Secret that the token is in',
  );
});

test.each<[string, Given<Partial<CfnReplicationGroupProps>>, string]>([
  ['Redis OSS', { engine: 'redis', engineVersion: '7.1' }, 'Prod/Company (redis 7.1) has no Bloom filter'],
  ['an engine that is not said', { engine: undefined, engineVersion: undefined }, '(redis) has no Bloom filter'],
  ['Valkey 8.0', { engineVersion: '8.0' }, '(valkey 8.0) has no Bloom filter'],
  ['no TLS', { transitEncryptionEnabled: undefined }, 'cdk-nocobase:redis-without-tls'],
  ['the parameter group of AWS', { cacheParameterGroupName: 'default.valkey8' }, 'cdk-nocobase:redis-evicts'],
  ['no parameter group', { cacheParameterGroupName: undefined }, 'cdk-nocobase:redis-evicts'],
])('%s is warned of', (_, props, sentence) => {
  expect(warnings(bind(props).stack)).toEqual([expect.stringContaining(sentence)]);
});

test('what is not known yet is not warned of', () => {
  const { stack, told } = bind((of) => ({
    engineVersion: new CfnParameter(of, 'Version').valueAsString,
    numNodeGroups: new CfnParameter(of, 'Shards', { type: 'Number' }).valueAsNumber,
    cacheParameterGroupName: new CfnParameterGroup(of, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'x',
    }).ref,
  }));
  expect(warnings(stack)).toEqual([]);
  expect(told.CACHE_REDIS_URL).toMatch(/^rediss:/);
});
