process.env.CDK_VALIDATION = 'true';

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { Company } from './company';
import { type Combination, keyOf, pairKeys, pairsOf, pairwise } from './pairs';
import { addTo, excludes, WAYS } from './ways';

const SEED = 2026;
const AT_LEAST = 200;

const names = Object.fromEntries(Object.entries(WAYS).map(([part, ways]) => [part, Object.keys(ways)]));
const combinations = pairwise(names, excludes, AT_LEAST, SEED);

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'combinations-'));
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

/** The template with the nodes of a combination, which has been validated strictly. */
function synthesize(combination: Combination): any {
  const outdir = fs.mkdtempSync(path.join(temporary, 'out-'));
  const company = new Company(combination.place, combination.network, outdir);
  const props = Object.assign({}, ...Object.entries(combination).map(([part, way]) => WAYS[part][way](company)));
  const cluster = new NocoBaseCluster(company.scope, 'NocoBase', props as NocoBaseClusterProps);
  addTo(cluster, combination);
  company.app.synth();
  const files = fs
    .readdirSync(outdir, { recursive: true, encoding: 'utf8' })
    .filter((file) => /template\.json$/.test(file));
  const templates = files.map((file) => JSON.parse(fs.readFileSync(path.join(outdir, file), 'utf8')));
  fs.rmSync(outdir, { recursive: true });
  const [template] = templates.filter((each) => resources(each, 'AWS::ECS::TaskDefinition').length > 0);
  return template;
}

const resources = (template: any, type: string): [string, any][] =>
  Object.entries<any>(template.Resources).filter(([, { Type }]) => Type === type);

/** What NocoBase itself is told: by name, however it gets there. */
function namesOf(template: any): string[] {
  const [[, { Properties }]] = resources(template, 'AWS::ECS::TaskDefinition');
  const { Environment, Secrets } = Properties.ContainerDefinitions.find(({ Name }: any) => Name === 'NocoBase');
  return [...Environment, ...Secrets]
    .map(({ Name }: any) => Name)
    .filter((name) => !name.startsWith('LAUNCHER_'))
    .sort();
}

const ALWAYS = [
  ...['APP_KEY', 'APP_AES_SECRET_KEY', 'APP_PORT', 'APP_PUBLIC_PATH', 'INIT_ROOT_EMAIL', 'INIT_ROOT_PASSWORD'],
  ...['DB_DIALECT', 'DB_HOST', 'DB_PORT', 'DB_DATABASE', 'DB_USER', 'DB_PASSWORD'],
  ...['DB_DIALECT_OPTIONS_SSL_MODE', 'DB_DIALECT_OPTIONS_SSL_CA', 'DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED'],
  ...['CACHE_DEFAULT_STORE', 'CACHE_REDIS_URL', 'LOGGER_TRANSPORT', 'TZ'],
];
const CLUSTERED = [
  ...['PUBSUB_ADAPTER_REDIS_URL', 'LOCK_ADAPTER_DEFAULT', 'LOCK_ADAPTER_REDIS_URL', 'QUEUE_ADAPTER'],
  ...['QUEUE_ADAPTER_REDIS_URL', 'REDIS_URL', 'APPEND_PRESET_BUILT_IN_PLUGINS'],
];

/** Ids without the hash, which differs by the stack that the cluster is in. */
function statefulIds(template: any): string[] {
  return STATEFUL.flatMap((type) => resources(template, type))
    .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))
    .sort();
}

const STATEFUL = [
  'AWS::RDS::DBInstance',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::AmazonMQ::Broker',
  'AWS::EFS::FileSystem',
];

/** What is made in the cluster has one id, whatever surrounds it. */
function expectedIds({ database, redis, queue, storage }: Combination): string[] {
  return [
    ...(['managed', 'from a snapshot'].includes(database) ? ['NocoBaseDataDatabaseInstance'] : []),
    ...(['managed', 'per function'].includes(redis) ? ['NocoBaseDataRedisReplicationGroup'] : []),
    ...(redis === 'per function' ? ['NocoBaseDataRedisForLockRedisReplicationGroup'] : []),
    ...(queue === 'managed' ? ['NocoBaseDataQueueBroker'] : []),
    ...(storage === 'managed' ? ['NocoBaseDataStorageFileSystem'] : []),
  ].sort();
}

/** By what the parts are, and not by where they come from. */
function expectedNames({ database, queue, plugins, rules }: Combination): string[] {
  return [
    ...ALWAYS,
    ...(plugins === 'pending' ? [] : CLUSTERED),
    ...(plugins === 'pending' || queue === 'the Redis' ? [] : ['QUEUE_ADAPTER_RABBITMQ_URL']),
    // How the tables that are there are called.
    ...(database === 'an imported instance' ? ['DB_SCHEMA'] : []),
    ...(database === 'a host behind a pooler' ? ['DB_TABLE_PREFIX', 'DB_UNDERSCORED'] : []),
    ...(rules === 'variables and secrets' ? ['INIT_APP_LANG', 'SMTP_PASSWORD'] : []),
  ].sort();
}

test('each two ways meet, but for those that exclude each other', () => {
  expect(combinations.length).toBeGreaterThanOrEqual(AT_LEAST);
  const met = new Set(combinations.flatMap(pairKeys));
  const apart = pairsOf(names).filter((pair) => !met.has(keyOf(pair)));
  expect(apart.filter((pair) => !excludes(pair))).toEqual([]);
  // Only a network that the cluster makes excludes anything.
  expect(apart.filter(({ network }) => !network?.startsWith('made'))).toEqual([]);
});

test.each(combinations.map((combination) => [keyOf(combination), combination] as const))('%s', (_, combination) => {
  const template = synthesize(combination);
  expect(namesOf(template)).toEqual(expectedNames(combination));
  expect(statefulIds(template)).toEqual(expectedIds(combination));
});
