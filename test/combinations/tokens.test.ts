process.env.CDK_VALIDATION = 'false';

import { App, Duration, Fn, Size, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import * as efs from 'aws-cdk-lib/aws-efs';
import { CfnReplicationGroup } from 'aws-cdk-lib/aws-elasticache';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  DatabaseCa,
  EfsStorage,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  NocoBaseImage,
  NodeEndpoints,
  PostgresDatabase,
  RabbitMqBroker,
  Redis,
  SharedStorage,
  ValkeyCache,
} from '../../lib';
import { named, stored as storedIn } from '../part-fixture';
import { publicInterfaces } from './options';

/** What is said about a prop in one place is asked for in one. */
interface Place {
  readonly stack: Stack;
  readonly vpc: ec2.IVpc;
}

type Made = Partial<NocoBaseClusterProps>;

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';
const DATA = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };

const secret = ({ stack }: Place, name: string) => named(stack, name);
const stored = ({ stack }: Place, name: string, field?: string) => storedIn(stack, name, field);
const certificate = ({ stack }: Place) => Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE);
const domainName = 'nocobase.example.com';
const redis = (place: Place, more: any = {}) =>
  Redis.existing({ host: 'redis.example.com', password: stored(place, 'redis'), ...more });

/** A cluster with something in an interface of the library, for every interface. */
const WITH: { readonly [name: string]: (options: any, place: Place) => Made } = {
  NocoBaseClusterProps: (options) => options,
  WebProps: (web) => ({ web }),
  PostgresProps: (options) => ({ database: Database.postgres(options) }),
  PostgresDatabaseProps: (options, { stack, vpc }) => ({
    database: new PostgresDatabase(stack, 'Database', { vpc, vpcSubnets: DATA, ...options }),
  }),
  DatabaseSnapshot: (options, { stack, vpc }) => ({
    database: new PostgresDatabase(stack, 'Database', {
      vpc,
      vpcSubnets: DATA,
      snapshot: { snapshotIdentifier: 'before', ...options },
    }),
  }),
  SnapshotDatabase: (options) => ({ database: Database.fromSnapshot('before', options) }),
  SnapshotProps: (options) => ({ database: Database.fromSnapshot('before', options) }),
  DatabaseServer: (options, place) => ({
    database: Database.existing({
      host: 'postgres.example.com',
      directHost: 'direct.example.com',
      ca: DatabaseCa.wellKnown(),
      secret: secret(place, 'postgres'),
      ...options,
    }),
  }),
  ExistingDatabaseOptions: (options, place) => WITH.ExistingRdsOptions(options, place),
  TableNaming: (options, place) => WITH.ExistingRdsOptions(options, place),
  ExistingRdsOptions: (options, place) => ({
    database: Database.fromInstance(
      rds.DatabaseInstance.fromDatabaseInstanceAttributes(place.stack, 'Postgres', {
        instanceIdentifier: 'crm',
        instanceEndpointAddress: 'crm.abc123.eu-central-1.rds.amazonaws.com',
        port: 5432,
        securityGroups: [],
      }),
      { secret: secret(place, 'postgres'), ...options },
    ),
  }),
  ValkeyProps: (options) => ({ redis: Redis.valkey(options) }),
  ValkeyCacheProps: (options, { stack, vpc }) => ({
    redis: new ValkeyCache(stack, 'Redis', { vpc, vpcSubnets: DATA, ...options }),
  }),
  RedisDatabases: (databases, place) => ({ redis: redis(place, { databases }) }),
  RedisPerFunctionProps: () => ({}),
  ExistingRedisOptions: (options, place) => ({ redis: redis(place, options) }),
  ExistingReplicationGroupOptions: (options, place) => ({
    redis: Redis.fromReplicationGroup(
      new CfnReplicationGroup(place.stack, 'Group', {
        replicationGroupDescription: 'Redis',
        engine: 'valkey',
        engineVersion: '8.2',
        transitEncryptionEnabled: true,
        numCacheClusters: 1,
      }),
      { password: stored(place, 'redis'), ...options },
    ),
  }),
  RabbitMqProps: (options) => ({ queue: MessageQueue.rabbitMq(options) }),
  RabbitMqBrokerProps: (options, { stack, vpc }) => ({
    queue: new RabbitMqBroker(stack, 'Queue', { vpc, vpcSubnets: DATA, ...options }),
  }),
  ExistingRabbitMqOptions: (options, place) => ({
    queue: MessageQueue.existingRabbitMq({
      endpoint: 'amqps://mq.example.com',
      secret: secret(place, 'queue'),
      ...options,
    }),
  }),
  EfsStorageOptions: (options) => ({ storage: SharedStorage.efs(options) }),
  EfsStorageProps: (options, { stack, vpc }) => ({
    storage: new EfsStorage(stack, 'Storage', { vpc, vpcSubnets: DATA, ...options }),
  }),
  ExistingStorage: (options, { stack, vpc }) => ({
    storage: SharedStorage.existing({ fileSystem: new efs.FileSystem(stack, 'Files', { vpc }), ...options }),
  }),
  ExistingKeys: (options, place) => ({
    keys: ApplicationKeys.existing({ appKey: stored(place, 'app'), aesSecretKey: stored(place, 'aes'), ...options }),
  }),
  EntranceOptions: (options) => ({ entrance: Entrance.cloudFront(options) }),
  DirectEntranceOptions: (options) => ({ entrance: Entrance.http(options) }),
  PublicEntranceOptions: (options, place) => WITH.CertificateEntranceOptions(options, place),
  HttpEntranceOptions: (options) => ({ entrance: Entrance.http(options) }),
  CloudFrontEntranceOptions: (options, { stack }) => ({
    entrance: Entrance.cloudFront({
      certificate: Certificate.fromCertificateArn(
        stack,
        'Certificate',
        CERTIFICATE.replace('eu-central-1', 'us-east-1'),
      ),
      domainName,
      ...options,
    }),
  }),
  DomainEntranceOptions: (options, { stack }) => ({
    entrance: Entrance.domain({
      domainName,
      hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
      ...options,
    }),
  }),
  CertificateEntranceOptions: (options, place) => ({
    entrance: Entrance.certificate(certificate(place), { domainName, ...options }),
  }),
  ListenerEntranceOptions: (options, place) => ({
    entrance: Entrance.listener(
      new elbv2.ApplicationLoadBalancer(place.stack, 'Alb', { vpc: place.vpc }).addListener('Https', {
        port: 443,
        certificates: [certificate(place)],
        defaultAction: elbv2.ListenerAction.fixedResponse(404),
      }),
      { domainName, priority: 10, ...options },
    ),
  }),
  LoadBalancerEntranceOptions: (options, place) => ({
    entrance: Entrance.loadBalancer(new elbv2.ApplicationLoadBalancer(place.stack, 'Alb', { vpc: place.vpc }), {
      domainName,
      certificate: certificate(place),
      ...options,
    }),
  }),
  RegistryImageOptions: () => ({}),
  PullThroughCacheOptions: (options) => ({ image: NocoBaseImage.fromPullThroughCache('cache', '2.2.15', options) }),
  ClusterSubnets: () => ({}),
  GeneratedKeysProps: () => ({}),
  NodeEndpointsProps: (options, { stack }) => {
    new NodeEndpoints(stack, 'Endpoints', { vpc: new ec2.Vpc(stack, 'Other', { maxAzs: 2 }), ...options });
    return {};
  },
};

/** The same for what is no prop of an interface, but given to a factory by itself. */
const ARGUMENTS: { readonly [argument: string]: (text: string, place: Place) => Made } = {
  'NocoBaseImage.version(version)': (text) => ({ image: NocoBaseImage.version(text) }),
  'NocoBaseImage.fromRegistry(name)': (text) => ({ image: NocoBaseImage.fromRegistry(text) }),
  'NocoBaseImage.fromEcr(…, tagOrDigest)': (text, { stack }) => ({
    image: NocoBaseImage.fromEcr(Repository.fromRepositoryName(stack, 'Repository', 'nocobase'), text),
  }),
  'NocoBaseImage.fromPullThroughCache(prefix, …)': (text) => ({
    image: NocoBaseImage.fromPullThroughCache(text, '2.2.15'),
  }),
  'NocoBaseImage.fromPullThroughCache(…, tagOrDigest)': (text) => ({
    image: NocoBaseImage.fromPullThroughCache('cache', text),
  }),
  'NocoBaseImage.fromAsset(directory)': (text) => ({ image: NocoBaseImage.fromAsset(text) }),
  'Database.fromSnapshot(snapshotIdentifier)': (text) => ({ database: Database.fromSnapshot(text) }),
  'DatabaseCa.pem(certificate)': (text, place) => WITH.ExistingRdsOptions({ ca: DatabaseCa.pem(text) }, place),
  'StoredSecret.inSecretsManager(…, field)': (text, place) => ({ secrets: { SMTP: stored(place, 'smtp', text) } }),
};

const text = () => Fn.importValue('Given');
const number = () => Token.asNumber(text());

/** Values of a type that are known at the deployment only. */
const TOKENS: { readonly [type: string]: { readonly [kind: string]: () => unknown } } = {
  string: { 'a text': text },
  number: { 'a number': number },
  'string[]': { 'texts in a list': () => [text()], 'a list': () => Fn.split(',', text()) },
  Duration: { days: () => Duration.days(number()), minutes: () => Duration.minutes(number()) },
  Size: { gibibytes: () => Size.gibibytes(number()), mebibytes: () => Size.mebibytes(number()) },
  '{ [name: string]: string }': { 'a text by name': () => ({ SOME: text() }) },
};

/** What strategies answer, and what they are told: nobody gives those to the library. */
const ANSWERS = /^I[A-Z]|(Binding|Context|Contribution|Urls)$/;

type Case = [argument: string, kind: string, make: (place: Place) => Made];

const interfaces = Object.entries(publicInterfaces()).filter(([name]) => !ANSWERS.test(name));

const cases: Case[] = [
  ...interfaces.flatMap(([name, options]) =>
    Object.entries(options).flatMap(([prop, type]) =>
      Object.entries(TOKENS[type] ?? {}).map(
        ([kind, token]): Case => [`${name}.${prop}`, kind, (place) => WITH[name]({ [prop]: token() }, place)],
      ),
    ),
  ),
  ...Object.entries(ARGUMENTS).map(([argument, make]): Case => [argument, 'a text', (place) => make(text(), place)]),
];

/** What synthesis has to know, to reckon with it, to choose what is made or to name it; by the prop as the error says it. */
const KNOWN_AT_SYNTHESIS = [
  ...['web.minNodes', 'web.maxNodes', 'web.cpu', 'web.memoryLimitMiB', 'web.processes', 'web.maximumPercent'],
  ...['natGateways', 'upgradeTries', 'upgradeTimeout', 'maintenanceAlarmAfter', 'image.directory'],
  ...['database.allocatedStorage', 'database.maxAllocatedStorage', 'database.username'],
  ...['redis.replicas', 'redis.engineVersion'],
  ...['cache', 'syncSignal', 'lock', 'queue', 'workerIds'].map((name) => `redis.databases.${name}`),
  // Beside an endpoint that says its own.
  ...['queue.urlVariable', 'queue.port'],
];

/** Of these the kind is known, or how many there are. */
const REFUSED: { readonly [prop: string]: string } = {
  'database.backupRetention': 'minutes',
  'redis.snapshotRetention': 'minutes',
  'entrance.allowedCidrs': 'a list',
  'entrance.allowedPrefixLists': 'a list',
};

const TAKEN = 'the deployment gets it';

/** What becomes of a token, or what is said. */
function outcome(make: (place: Place) => Made): string {
  const stack = new Stack(new App(), 'Prod');
  let template: string;
  try {
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    const made = make({ stack, vpc });
    const props = { plugins: ClusterPlugins.preinstalled(), ...('natGateways' in made ? {} : { vpc }), ...made };
    new NocoBaseCluster(stack, 'NocoBase', props);
    template = JSON.stringify(Template.fromStack(stack).toJSON());
  } catch (error) {
    return (error as Error).message;
  }
  if (ENCODED.test(template)) return 'the template has a token as CDK writes it down';
  return template.includes('{"Fn::ImportValue":"Given"}') ? TAKEN : 'it is lost';
}

const ENCODED = /[$#]\{Token\[|-1\.88\d+e\+?289/;

test('every interface of the library is asked', () => {
  expect(interfaces.map(([name]) => name).sort()).toEqual(Object.keys(WITH).sort());
});

test.each(cases)('%s: %s', (_, kind, make) => {
  const said = outcome(make);
  if (said === TAKEN) return;
  const [, prop] = /^cdk-nocobase \[Prod\/[\w/]+\]: `([\w.]+)` .+\. [A-Z].+[.!]$/.exec(said) ?? [undefined, said];
  expect(REFUSED[prop] === kind ? prop : KNOWN_AT_SYNTHESIS).toContain(prop);
  expect(said).not.toMatch(ENCODED);
});
