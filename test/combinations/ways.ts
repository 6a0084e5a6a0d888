import { join } from 'node:path';
import { Fn, Tags } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import { CfnReplicationGroup } from 'aws-cdk-lib/aws-elasticache';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  DatabaseCa,
  EfsStorage,
  Entrance,
  GeneratedKeys,
  MessageQueue,
  type NocoBaseCluster,
  type NocoBaseClusterProps,
  NocoBaseImage,
  PostgresDatabase,
  RabbitMqBroker,
  Redis,
  SharedStorage,
  StoredSecret,
  ValkeyCache,
} from '../../lib';
import { ACCOUNT, type Company, REGION } from './company';
import type { Combination } from './pairs';

type Way = (company: Company) => Partial<NocoBaseClusterProps>;

const PEM = '-----BEGIN CERTIFICATE-----\nQ0VSVElGSUNBVEU=\n-----END CERTIFICATE-----\n';

const named = (company: Company, name: string) =>
  company.one(`Secret ${name}`, () => Secret.fromSecretNameV2(company.scope, `Given-${name}`, name));
const stored = (company: Company, name: string, field?: string) =>
  StoredSecret.inSecretsManager(named(company, name), field);
const groupOf = (company: Company, id: string) =>
  company.one(id, () => new ec2.SecurityGroup(company.platform, id, { vpc: company.vpc }));
const where = (company: Company) => ({ vpc: company.vpc, vpcSubnets: company.subnets });
const certificate = (company: Company) =>
  Certificate.fromCertificateArn(
    company.scope,
    'Certificate',
    `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012`,
  );
const existingRedis = (company: Company, host: string) =>
  Redis.existing({ host, password: stored(company, host), securityGroups: [groupOf(company, `Group-${host}`)] });

/** Every way of every part. */
export const WAYS: { readonly [part: string]: { readonly [way: string]: Way } } = {
  place: {
    'in a stack': () => ({}),
    'in a stage': () => ({}),
    'in a nested stack': () => ({}),
    'of an open region': () => ({}),
  },
  network: {
    made: () => ({}),
    'made without a way out': () => ({ natGateways: 0 }),
    given: (company) => ({ vpc: company.vpc }),
    imported: (company) => ({ vpc: company.vpc }),
    'without a way out': (company) => ({ vpc: company.vpc }),
    'with chosen subnets': (company) => ({
      vpc: company.vpc,
      subnets: { nodes: company.subnets, data: company.subnets },
    }),
  },
  capacity: {
    Fargate: () => ({}),
    'Fargate Spot': () => ({
      capacityProviderStrategies: [
        { capacityProvider: 'FARGATE', base: 2, weight: 0 },
        { capacityProvider: 'FARGATE_SPOT', weight: 1 },
      ],
    }),
    'a given ECS cluster': (company) => ({ ecsCluster: company.ecsCluster }),
    instances: (company) => ({
      ecsCluster: company.ecsCluster,
      capacityProviderStrategies: [{ capacityProvider: company.instances.capacityProviderName, weight: 1 }],
    }),
  },
  database: {
    managed: () => ({}),
    'managed, of another stack': (company) => ({
      database: new PostgresDatabase(company.platform, 'Database', where(company)),
    }),
    'from a snapshot': () => ({ database: Database.fromSnapshot('before-the-move', { username: 'nocobase' }) }),
    'an instance': (company) => ({
      database: Database.fromInstance(
        new rds.DatabaseInstance(company.platform, 'Postgres', {
          engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16 }),
          instanceType: new ec2.InstanceType('t4g.medium'),
          ...where(company),
        }),
        { secret: named(company, 'database') },
      ),
    }),
    'an imported instance': (company) => ({
      database: Database.fromInstance(
        rds.DatabaseInstance.fromDatabaseInstanceAttributes(company.scope, 'Postgres', {
          instanceIdentifier: 'crm',
          instanceEndpointAddress: `crm.abc123.${REGION}.rds.amazonaws.com`,
          port: 5432,
          securityGroups: [groupOf(company, 'PostgresGroup')],
        }),
        { secret: named(company, 'database'), schema: 'nocobase' },
      ),
    }),
    'an Aurora cluster': (company) => ({
      database: Database.fromCluster(
        new rds.DatabaseCluster(company.platform, 'Aurora', {
          engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
          writer: rds.ClusterInstance.serverlessV2('Writer'),
          ...where(company),
        }),
        { secret: named(company, 'database') },
      ),
    }),
    'a proxy': (company) => ({
      database: Database.existing({
        host: `crm.proxy-abc123.${REGION}.rds.amazonaws.com`,
        ca: DatabaseCa.wellKnown(),
        secret: named(company, 'database'),
        securityGroups: [groupOf(company, 'ProxyGroup')],
      }),
    }),
    'a host behind a pooler': (company) => ({
      database: Database.existing({
        host: 'pooler.example.com',
        port: 6432,
        directHost: 'postgres.example.com',
        directPort: 5432,
        ca: DatabaseCa.pem(PEM),
        secret: named(company, 'database'),
        tablePrefix: 'nb_',
        underscored: true,
      }),
    }),
  },
  redis: {
    managed: () => ({}),
    'managed, of another stack': (company) => ({ redis: new ValkeyCache(company.platform, 'Redis', where(company)) }),
    existing: (company) => ({ redis: existingRedis(company, 'redis.example.com') }),
    'a replication group': (company) => ({
      redis: Redis.fromReplicationGroup(
        new CfnReplicationGroup(company.platform, 'Redis', {
          replicationGroupDescription: 'Redis',
          engine: 'valkey',
          engineVersion: '8.2',
          transitEncryptionEnabled: true,
          numCacheClusters: 1,
          cacheNodeType: 'cache.t4g.small',
        }),
        { password: stored(company, 'redis') },
      ),
    }),
    'per function': (company) => ({
      redis: Redis.perFunction({
        cache: existingRedis(company, 'cache.example.com'),
        queue: existingRedis(company, 'queue.example.com'),
        lock: Redis.valkey({ replicas: 2 }),
      }),
    }),
    'with a certificate of its own': (company) => ({
      redis: Redis.existing({
        host: 'redis.example.com',
        port: 6380,
        caCertificate: PEM,
        username: 'nocobase',
        password: stored(company, 'redis', 'password'),
        databases: { cache: 10, syncSignal: 11, lock: 12, queue: 13, workerIds: 14 },
      }),
    }),
  },
  queue: {
    managed: () => ({}),
    'managed, of another stack': (company) => ({
      queue: new RabbitMqBroker(company.platform, 'Queue', where(company)),
    }),
    existing: (company) => ({
      queue: MessageQueue.existingRabbitMq({
        endpoint: 'amqps://mq.example.com:5671',
        secret: named(company, 'queue'),
        virtualHost: 'nocobase',
        securityGroups: [groupOf(company, 'QueueGroup')],
      }),
    }),
    'existing, known at the deployment': (company) => ({
      queue: MessageQueue.existingRabbitMq({
        endpoint: Fn.importValue('CompanyQueue'),
        secret: named(company, 'queue'),
        caCertificate: PEM,
      }),
    }),
    'the Redis': () => ({ queue: MessageQueue.redis() }),
  },
  storage: {
    managed: () => ({}),
    'managed, of another stack': (company) => ({
      storage: new EfsStorage(company.platform, 'Storage', where(company)),
    }),
    'a path': (company) => ({
      storage: SharedStorage.existing({
        fileSystem: new efs.FileSystem(company.platform, 'Files', where(company)),
        path: '/nocobase',
      }),
    }),
    'an access point': (company) => ({
      storage: SharedStorage.existing({
        fileSystem: efs.FileSystem.fromFileSystemAttributes(company.scope, 'Files', {
          fileSystemId: 'fs-0123456789abcdef0',
          securityGroup: groupOf(company, 'FilesGroup'),
        }),
        accessPoint: efs.AccessPoint.fromAccessPointId(company.scope, 'AccessPoint', 'fsap-0123456789abcdef0'),
      }),
    }),
  },
  keys: {
    generated: () => ({}),
    'generated, in another stack': (company) => ({ keys: new GeneratedKeys(company.platform, 'Keys') }),
    'of one Secret': (company) => ({ keys: ApplicationKeys.fromSecret(named(company, 'keys')) }),
    'in Parameter Store': (company) => {
      const parameter = (name: string) =>
        StoredSecret.inParameterStore(
          StringParameter.fromSecureStringParameterAttributes(company.scope, name, {
            parameterName: `/nocobase/${name}`,
          }),
        );
      return { keys: ApplicationKeys.existing({ appKey: parameter('app-key'), aesSecretKey: parameter('aes-key') }) };
    },
  },
  plugins: {
    licensed: (company) => ({ plugins: ClusterPlugins.licensed(named(company, 'license')) }),
    preinstalled: () => ({ plugins: ClusterPlugins.preinstalled() }),
    pending: () => ({ plugins: ClusterPlugins.pending() }),
  },
  entrance: {
    'plain HTTP': () => ({}),
    CloudFront: () => ({ entrance: Entrance.cloudFront() }),
    'a domain': (company) => ({
      entrance: Entrance.domain({
        domainName: 'nocobase.example.com',
        hostedZone: HostedZone.fromHostedZoneAttributes(company.scope, 'Zone', {
          hostedZoneId: 'Z0123456789ABCDEFGHIJ',
          zoneName: 'example.com',
        }),
        allowedPrefixLists: ['pl-0123456789abcdef0'],
      }),
    }),
    'internal, with a certificate': (company) => ({
      entrance: Entrance.certificate(certificate(company), {
        domainName: 'nocobase.example.com',
        internetFacing: false,
        allowedCidrs: ['10.0.0.0/8'],
        webAclArn: Fn.importValue('CompanyWebAcl'),
      }),
    }),
    'a given listener': (company) => ({
      entrance: Entrance.listener(
        new elbv2.ApplicationLoadBalancer(company.platform, 'Alb', {
          vpc: company.vpc,
          vpcSubnets: company.subnets,
        }).addListener('Https', {
          port: 443,
          certificates: [certificate(company)],
          defaultAction: elbv2.ListenerAction.fixedResponse(404),
        }),
        { domainName: 'apps.example.com', priority: 10 },
      ),
    }),
    'an imported listener': (company) => ({
      entrance: Entrance.listener(
        elbv2.ApplicationListener.fromApplicationListenerAttributes(company.scope, 'Listener', {
          listenerArn: `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:listener/app/alb/0123456789abcdef/0123456789abcdef`,
          securityGroup: groupOf(company, 'AlbGroup'),
        }),
        { domainName: 'apps.example.com', priority: 10 },
      ),
    }),
    'a given load balancer': (company) => ({
      entrance: Entrance.loadBalancer(
        new elbv2.ApplicationLoadBalancer(company.platform, 'Alb', { vpc: company.vpc, vpcSubnets: company.subnets }),
        { domainName: 'nocobase.example.com', certificate: certificate(company) },
      ),
    }),
  },
  image: {
    'of Docker Hub': () => ({}),
    'of ECR': (company) => ({
      image: NocoBaseImage.fromEcr(Repository.fromRepositoryName(company.scope, 'Repository', 'nocobase'), '2.2.15'),
    }),
    'by digest': (company) => ({
      image: NocoBaseImage.fromEcr(
        company.one('Repository', () => new Repository(company.platform, 'Repository')),
        `sha256:${'0123456789abcdef'.repeat(4)}`,
      ),
    }),
    'of a pull-through cache': () => ({ image: NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15') }),
    'of a registry with credentials': (company) => ({
      image: NocoBaseImage.fromRegistry('registry.example.com/nocobase:2.2.15', {
        credentials: named(company, 'registry'),
      }),
    }),
    'of a Dockerfile': () => ({
      image: NocoBaseImage.fromAsset(join(__dirname, '../../examples/own-image/image')),
    }),
  },
  path: { '/': () => ({}), '/nocobase/': () => ({ publicPath: '/nocobase/' }) },
  rules: {
    none: () => ({}),
    'a key, a boundary, a log group, tags': (company) => {
      const { scope, platform, key } = company;
      PermissionsBoundary.of(scope).apply(ManagedPolicy.fromManagedPolicyName(scope, 'Boundary', 'Boundary'));
      Tags.of(scope).add('CostCenter', '4711');
      return { encryptionKey: key, logGroup: new LogGroup(platform, 'Logs') };
    },
    'variables and secrets': (company) => ({
      environment: { INIT_APP_LANG: 'de-DE' },
      secrets: { SMTP_PASSWORD: stored(company, 'smtp', 'password') },
    }),
  },
};

/** What is added to a cluster that is there. */
export function addTo(cluster: NocoBaseCluster, { rules }: Combination) {
  if (rules !== 'variables and secrets') return;
  cluster.web.taskDefinition.addContainer('Collector', {
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/example/collector:1'),
    memoryLimitMiB: 256,
    essential: false,
  });
}

/** What is in the network of the company. */
const IN_NETWORK =
  /^(a given|an instance|instances|an Aurora|a proxy|an imported|an access point|a path|managed, of another|existing$|per function|a replication group)/;
const OF_ECR = /^(of ECR|by digest|of a Dockerfile|of a pull-through cache)$/;

/** Whether ways make no sense together; the library refuses them, which other tests show. */
export function excludes({ network, ...others }: Combination): boolean {
  if (network === undefined || !network.startsWith('made')) return false;
  return Object.entries(others).some(
    ([part, way]) =>
      (['capacity', 'database', 'redis', 'queue', 'storage', 'entrance'].includes(part) && IN_NETWORK.test(way)) ||
      (network === 'made without a way out' && ((part === 'image' && !OF_ECR.test(way)) || way === 'licensed')),
  );
}
