// Nothing that holds data is made: a company brings its PostgreSQL, its ElastiCache, its RabbitMQ, its file system, its
// keys, its ECS cluster and its load balancer, and NocoBase moves in. Made are nodes, roles, and rules that let nodes in.
import { App, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnBroker } from 'aws-cdk-lib/aws-amazonmq';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import { CfnParameterGroup, CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  Redis,
  SharedStorage,
  StoredSecret,
} from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before. */
class Company extends Stack {
  readonly vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
  readonly ecsCluster = new ecs.Cluster(this, 'Ecs', {
    vpc: this.vpc,
    containerInsightsV2: ecs.ContainerInsights.ENABLED,
  });
  readonly postgres = new rds.DatabaseInstance(this, 'Postgres', {
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
    instanceType: new ec2.InstanceType('m7g.large'),
    vpc: this.vpc,
    databaseName: 'crm',
    storageType: rds.StorageType.GP3,
    storageEncrypted: true,
    multiAz: true,
    deletionProtection: true,
  });
  readonly files = new efs.FileSystem(this, 'Files', { vpc: this.vpc, encrypted: true });
  readonly redisToken = secret(this, 'RedisToken', 'token');
  readonly redisClients = new ec2.SecurityGroup(this, 'RedisGroup', { vpc: this.vpc, allowAllOutbound: false });
  readonly redis = new CfnReplicationGroup(this, 'Redis', {
    replicationGroupDescription: 'The Redis of the company',
    engine: 'valkey',
    engineVersion: '8.2',
    cacheNodeType: 'cache.m7g.large',
    clusterMode: 'disabled',
    numCacheClusters: 2,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    transitEncryptionEnabled: true,
    transitEncryptionMode: 'required',
    atRestEncryptionEnabled: true,
    authToken: this.redisToken.secretValueFromJson('token').unsafeUnwrap(),
    securityGroupIds: [this.redisClients.securityGroupId],
    cacheSubnetGroupName: new CfnSubnetGroup(this, 'RedisSubnets', {
      description: 'The Redis of the company',
      subnetIds: this.vpc.privateSubnets.map(({ subnetId }) => subnetId),
    }).ref,
    cacheParameterGroupName: new CfnParameterGroup(this, 'RedisParameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'The Redis of the company',
      properties: { 'maxmemory-policy': 'noeviction' },
    }).ref,
  });
  readonly rabbitUser = secret(this, 'RabbitUser', 'password', { username: 'company' });
  readonly rabbitClients = new ec2.SecurityGroup(this, 'RabbitGroup', { vpc: this.vpc, allowAllOutbound: false });
  readonly rabbit = new CfnBroker(this, 'Rabbit', {
    brokerName: 'company-queues',
    engineType: 'RABBITMQ',
    engineVersion: '4.2',
    hostInstanceType: 'mq.m7g.large',
    deploymentMode: 'CLUSTER_MULTI_AZ',
    subnetIds: this.vpc.privateSubnets.map(({ subnetId }) => subnetId),
    securityGroups: [this.rabbitClients.securityGroupId],
    publiclyAccessible: false,
    autoMinorVersionUpgrade: true,
    users: [
      {
        username: this.rabbitUser.secretValueFromJson('username').unsafeUnwrap(),
        password: this.rabbitUser.secretValueFromJson('password').unsafeUnwrap(),
      },
    ],
  });
  readonly keys = new Secret(this, 'Keys', {
    generateSecretString: {
      // Of a NocoBase that ran before, they would be put here by `cdk-nocobase import-keys`.
      secretStringTemplate: '{"APP_KEY":"kept-in-a-safe-place-since-2024"}',
      generateStringKey: 'APP_AES_SECRET_KEY',
      passwordLength: 64,
      excludeCharacters: 'ghijklmnopqrstuvwxyz',
      excludeUppercase: true,
      excludePunctuation: true,
    },
    removalPolicy: RemovalPolicy.RETAIN,
  });
  readonly listener: elbv2.ApplicationListener;

  constructor(scope: Construct, id: string) {
    super(scope, id, { env: { region: 'eu-central-1' } });
    this.listener = new elbv2.ApplicationLoadBalancer(this, 'Alb', {
      vpc: this.vpc,
      internetFacing: true,
      dropInvalidHeaderFields: true,
      idleTimeout: Duration.seconds(360),
    }).addListener('Https', {
      port: 443,
      certificates: [
        Certificate.fromCertificateArn(
          this,
          'Certificate',
          'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
        ),
      ],
      sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
  }
}

function secret(scope: Construct, id: string, field: string, others = {}): Secret {
  return new Secret(scope, id, {
    generateSecretString: {
      secretStringTemplate: JSON.stringify(others),
      generateStringKey: field,
      passwordLength: 40,
      excludePunctuation: true,
    },
  });
}

export function build(app: App): Stack[] {
  const company = new Company(app, 'Company');
  const stack = new Stack(app, 'MovesIn', { env: { region: 'eu-central-1' } });
  new NocoBaseCluster(stack, 'NocoBase', {
    ecsCluster: company.ecsCluster,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    keys: ApplicationKeys.fromSecret(company.keys),
    database: Database.fromInstance(company.postgres, { secret: company.postgres.secret!, databaseName: 'crm' }),
    redis: Redis.fromReplicationGroup(company.redis, {
      password: StoredSecret.inSecretsManager(company.redisToken, 'token'),
      securityGroups: [company.redisClients],
    }),
    queue: MessageQueue.existingRabbitMq({
      endpoint: Fn.select(0, company.rabbit.attrAmqpEndpoints),
      secret: company.rabbitUser,
      securityGroups: [company.rabbitClients],
    }),
    storage: SharedStorage.existing({ fileSystem: company.files, path: '/nocobase' }),
    entrance: Entrance.listener(company.listener, { domainName: 'nocobase.example.com', priority: 10 }),
  });
  return [company, stack];
}

build(new App());
