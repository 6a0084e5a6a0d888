import { App, CfnParameter, Duration, NestedStack, Size, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  ClusterPlugins,
  Database,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  NocoBaseImage,
  Redis,
} from '../lib';
import { environment, newCluster, only, render, STATEFUL, synthesize } from './cluster-fixture';

test('outputs name what there is and hold nothing secret', () => {
  const { template } = synthesize();
  const outputs = Object.fromEntries(
    Object.entries(template.findOutputs('*')).map(([id, output]) => [
      id.replace(/^NocoBase|[0-9A-F]{8}$/g, ''),
      JSON.stringify(output.Value),
    ]),
  );
  expect(Object.keys(outputs).sort()).toEqual([
    'ClusterName',
    'DatabaseInstance',
    'LicenseSecret',
    'LogGroup',
    'MaintenanceStateMachine',
    'RootPasswordSecret',
    'ServiceName',
    'Url',
  ]);
  expect(Object.values(outputs).join()).not.toMatch(/resolve:secretsmanager/);
});

test('the ids of what holds data are frozen: another id would be another, empty one', () => {
  const { template } = synthesize();
  expect(Object.fromEntries(STATEFUL.map((type) => [type, only(template, type).id]))).toEqual({
    'AWS::RDS::DBInstance': 'NocoBaseDataDatabaseInstance39104D5C',
    'AWS::ElastiCache::ReplicationGroup': 'NocoBaseDataRedisReplicationGroupF76F8B92',
    'AWS::AmazonMQ::Broker': 'NocoBaseDataQueueBrokerF7A9CA20',
    'AWS::EFS::FileSystem': 'NocoBaseDataStorageFileSystemD3C1FD3F',
    'AWS::EFS::AccessPoint': 'NocoBaseDataStorageFileSystemAccessPoint00A7A076',
  });
});

test('nothing that holds data is made before the keys are checked', () => {
  const { template } = synthesize();
  const { id: preflight } = only(template, 'Custom::NocoBasePreflight');
  for (const type of STATEFUL) {
    expect([type, only(template, type).resource.DependsOn]).toEqual([type, expect.arrayContaining([preflight])]);
  }
});

test('a change of the nodes checks the keys anew, a change of nothing does not', () => {
  const preflight = (variables?: { [name: string]: string }) =>
    only(synthesize({ environment: variables }).template, 'Custom::NocoBasePreflight').id;
  expect(preflight({ A: '2' })).not.toBe(preflight({ A: '1' }));
  expect(preflight()).toBe(preflight());
});

test('whatever makes the nodes other nodes checks the keys anew', () => {
  const id = (web: NocoBaseClusterProps['web']) => only(synthesize({ web }).template, 'Custom::NocoBasePreflight').id;
  expect(id({ cpu: 4096, memoryLimitMiB: 8192 })).not.toBe(id({ cpu: 2048, memoryLimitMiB: 8192 }));
});

test('no password is in the template: what is secret is a reference', () => {
  const { template } = synthesize();
  const text = JSON.stringify(template.toJSON());
  const urls = text.match(/(amqps?|rediss?|postgres):\/\/[^"\\]*/g) ?? [];
  expect(urls.length).toBeGreaterThan(5);
  for (const url of urls) {
    expect(url).toMatch(/^(rediss:\/\/:|amqps:\/\/)\{\{resolve:secretsmanager:$/);
  }
  expect(text).not.toMatch(/admin123|test-jwt-secret/);
  for (const [name, value] of Object.entries(environment(template))) {
    expect(`${name}=${JSON.stringify(value)}`).not.toMatch(/resolve:|password|secret_?key=/i);
  }
});

test('only Secrets and the passwords of the data services carry dynamic references', () => {
  const { template } = synthesize();
  const carriers = Object.values(template.toJSON().Resources as { [id: string]: any })
    .filter((resource) => JSON.stringify(resource).includes('{{resolve:'))
    .map((resource) => resource.Type);
  expect([...new Set(carriers)].sort()).toEqual([
    'AWS::AmazonMQ::Broker',
    'AWS::ElastiCache::ReplicationGroup',
    'AWS::RDS::DBInstance',
    'AWS::SecretsManager::Secret',
  ]);
});

test('each data service lets in the nodes and nobody else', () => {
  const { template } = synthesize();
  const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(({ Properties }) => [
    render(Properties.GroupId).replace(/^<NocoBase|SecurityGroup.*$/g, ''),
    render(Properties.SourceSecurityGroupId).replace(/^<NocoBase|[0-9A-F]{8}\.GroupId>$/g, ''),
  ]);
  expect(rules.sort()).toEqual([
    ['DataDatabase', 'NodeSecurityGroup'],
    ['DataQueue', 'NodeSecurityGroup'],
    ['DataRedis', 'NodeSecurityGroup'],
    ['DataStorage', 'NodeSecurityGroup'],
    ['Node', expect.stringContaining('EntranceLoadBalancer')],
  ]);
});

test('data services themselves connect to nowhere', () => {
  const { template } = synthesize();
  for (const { Properties } of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
    if (/^(PostgreSQL|Redis|RabbitMQ|Shared storage) of/.test(Properties.GroupDescription)) {
      expect(Properties.SecurityGroupEgress).toEqual([expect.objectContaining({ CidrIp: '255.255.255.255/32' })]);
    }
  }
});

test('the same input gives the same template to the byte', () => {
  const text = () => JSON.stringify(synthesize({}).template.toJSON());
  expect(text()).toBe(text());
});

test('the environment of the synthesizing process does not reach the template', () => {
  const before = JSON.stringify(synthesize({}).template.toJSON());
  const saved = { ...process.env };
  Object.assign(process.env, { TZ: 'Asia/Tokyo', APP_KEY: 'x', LAUNCHER_DRAIN: '1', AWS_REGION: 'ap-northeast-1' });
  const after = JSON.stringify(synthesize({}).template.toJSON());
  process.env = saved;
  expect(after).toBe(before);
});

test('two clusters live in one stack', () => {
  const { stack } = newCluster();
  new NocoBaseCluster(stack, 'Second', { plugins: ClusterPlugins.preinstalled() });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::RDS::DBInstance', 2);
  const names = Object.values(template.findResources('AWS::AmazonMQ::Broker')).map(
    (broker) => broker.Properties.BrokerName,
  );
  expect(new Set(names).size).toBe(2);
});

test('one cluster a region lives in one app', () => {
  const app = new App();
  for (const region of ['eu-central-1', 'us-east-1']) {
    const stack = new Stack(app, `NocoBase-${region}`, { env: { region } });
    const licenseKey = secretsmanager.Secret.fromSecretNameV2(stack, 'License', 'nocobase-license');
    new NocoBaseCluster(stack, 'NocoBase', { plugins: ClusterPlugins.licensed(licenseKey) });
  }
  expect(app.synth().stacks).toHaveLength(2);
});

test('the first administrator’s address is a prop, the password is generated', () => {
  const { template } = synthesize({ rootEmail: 'root@example.com' });
  expect(environment(template).INIT_ROOT_EMAIL).toBe('root@example.com');
});

test.each([
  [
    { publicPath: 'nocobase' },
    "`publicPath` must begin and end with '/' and not be NocoBase's own '/api/', got: 'nocobase'. Write e.g. '/' or '/nocobase/'.",
  ],
  [{ publicPath: '/nocobase' }, "got: '/nocobase'"],
  [{ publicPath: '//' }, "got: '//'"],
  [{ publicPath: '/../' }, "got: '/../'"],
  [{ publicPath: '/api/' }, "got: '/api/'"],
  [
    { database: { multiAz: true } as any },
    '`database` must be made by one of the factories, got: object. Write database: Database.postgres(',
  ],
  [{ rootEmail: 'admin' }, "`rootEmail` 'admin' is not an e-mail address."],
  [
    { upgradeTimeout: Duration.minutes(5) },
    '`upgradeTimeout` must be whole seconds between 10 minutes and 12 hours, got: 5 minutes.',
  ],
  [{ upgradeTimeout: Duration.days(1) }, 'got: 1 day.'],
  [{ upgradeTimeout: 7 as any }, '`upgradeTimeout` must be a Duration, got: number. It is the longest time'],
  [{ upgradeTimeout: Duration.millis(600_500) }, '`upgradeTimeout` must be whole seconds'],
  [
    { plugins: undefined },
    '`plugins` must be made by one of the factories, got: nothing. Write plugins: ClusterPlugins.pending()',
  ],
  [{ plugins: 'licensed' as any }, '`plugins` must be made by one of the factories, got: string.'],
])('%j is refused, and the error says where', (props, message) => {
  expect(() => newCluster(props)).toThrow(`cdk-nocobase [Prod/NocoBase]: ${message.startsWith('`') ? message : ''}`);
  expect(() => newCluster(props)).toThrow(message);
});

describe('values that are known at the deployment only', () => {
  const parameter = (type: 'String' | 'Number') => new CfnParameter(new Stack(), 'Given', { type });
  const text = () => parameter('String').valueAsString;
  const number = () => parameter('Number').valueAsNumber;

  test.each<[string, () => Partial<NocoBaseClusterProps>]>([
    ['publicPath', () => ({ publicPath: text() })],
    ['rootEmail', () => ({ rootEmail: text() })],
    ['image', () => ({ image: NocoBaseImage.version(text()) })],
    ['allowedCidrs', () => ({ entrance: Entrance.http({ allowedCidrs: [text()] }) })],
    ['redis', () => ({ redis: Redis.valkey({ nodeType: text() }) })],
    ['queue', () => ({ queue: MessageQueue.rabbitMq({ instanceType: text(), engineVersion: text() }) })],
    ['backupRetention', () => ({ database: Database.postgres({ backupRetention: Duration.days(number()) }) })],
  ])('%s is passed on', (_, props) => {
    expect(() => newCluster(props())).not.toThrow();
  });

  test.each<[string, () => Partial<NocoBaseClusterProps>]>([
    ['web.minNodes', () => ({ web: { minNodes: number() } })],
    ['web.cpu', () => ({ web: { cpu: number() } })],
    ['natGateways', () => ({ natGateways: number() })],
    ['redis.replicas', () => ({ redis: Redis.valkey({ replicas: number() }) })],
    [
      'database.allocatedStorage',
      () => ({ database: Database.postgres({ allocatedStorage: Size.gibibytes(number()) }) }),
    ],
  ])('%s, which the library reckons with, is refused', (prop, props) => {
    expect(() => newCluster(props())).toThrow(
      `\`${prop}\` is a token, whose value is not known before the deployment. Give a plain value`,
    );
  });

  test('a time for upgrades is refused', () => {
    expect(() => newCluster({ upgradeTimeout: Duration.seconds(number()) })).toThrow(
      '`upgradeTimeout` must be whole seconds between 10 minutes and 12 hours, got: a token.',
    );
  });
});

test('a cluster lives in a nested stack, in a stage, and with a licence and a VPC from other stacks', () => {
  const app = new App();
  const stage = new Stage(app, 'Prod');
  const shared = new Stack(stage, 'Shared');
  const vpc = new Vpc(shared, 'Vpc', { maxAzs: 3 });
  const licenseKey = new secretsmanager.Secret(shared, 'License');
  const nested = new NestedStack(new Stack(stage, 'Outer'), 'Inner');
  new NocoBaseCluster(nested, 'NocoBase', { vpc, plugins: ClusterPlugins.licensed(licenseKey) });
  expect(() => app.synth()).not.toThrow();
});

test('names that AWS limits are short enough at any depth', () => {
  const stack = new Stack(new App(), `S${'x'.repeat(100)}`);
  new NocoBaseCluster(stack, `N${'y'.repeat(150)}`, { plugins: ClusterPlugins.preinstalled() });
  expect(only(Template.fromStack(stack), 'AWS::AmazonMQ::Broker').properties.BrokerName).toMatch(/^[\w-]{1,50}$/);
});
