/**
 * The resources of examples/minimal written directly with the constructs of
 * aws-cdk-lib: what a user would have without this library, for comparison.
 */
import * as path from 'node:path';
import {
  App,
  Aws,
  CfnMapping,
  CfnOutput,
  CustomResource,
  Duration,
  Fn,
  RemovalPolicy,
  SecretValue,
  Stack,
} from 'aws-cdk-lib';
import * as amazonmq from 'aws-cdk-lib/aws-amazonmq';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { renderLauncherCommand } from '../../lib/launcher/launcher';
import { maintenanceDefinition } from '../../lib/operations/maintenance-definition';

const app = new App();
const stack = new Stack(app, 'Direct');

const vpc = new ec2.Vpc(stack, 'Vpc', {
  maxAzs: 2,
  natGateways: 1,
  restrictDefaultSecurityGroup: false,
  subnetConfiguration: [
    { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
    { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  ],
  gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
});
const flowLogs = new logs.LogGroup(stack, 'FlowLogs', { retention: logs.RetentionDays.ONE_MONTH });
vpc.addFlowLog('Rejected', { destination: ec2.FlowLogDestination.toCloudWatchLogs(flowLogs) });
const dataSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

const generated = (id: string, generateSecretString: secretsmanager.SecretStringGenerator = {}) =>
  new secretsmanager.Secret(stack, id, { generateSecretString, removalPolicy: RemovalPolicy.RETAIN });
const password = { passwordLength: 64, excludePunctuation: true };
const appKey = generated('AppKey', password);
const aesKey = generated('AesKey', password);
const rootPassword = generated('RootPassword', password);
const licenseKey = secretsmanager.Secret.fromSecretNameV2(stack, 'License', 'nocobase-license');

const preflightLogs = new logs.LogGroup(stack, 'PreflightLogs', { retention: logs.RetentionDays.ONE_MONTH });
const preflightRole = new iam.Role(stack, 'PreflightRole', {
  assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
});
preflightLogs.grantWrite(preflightRole);
const preflightFunction = new lambda.Function(stack, 'PreflightFunction', {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: 'index.handler',
  code: lambda.Code.fromAsset(path.join(__dirname, '../../lib/preflight/bundle')),
  logGroup: preflightLogs,
  role: preflightRole,
});
for (const secret of [appKey, aesKey, rootPassword, licenseKey]) {
  secret.grantRead(preflightFunction);
}
new CustomResource(stack, 'Preflight', {
  serviceToken: preflightFunction.functionArn,
  resourceType: 'Custom::NocoBasePreflight',
  properties: { Secrets: [appKey, aesKey, rootPassword, licenseKey].map((secret) => secret.secretArn) },
});

const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 });
const database = new rds.DatabaseInstance(stack, 'Database', {
  engine,
  vpc,
  vpcSubnets: dataSubnets,
  databaseName: 'nocobase',
  credentials: rds.Credentials.fromGeneratedSecret('nocobase'),
  parameterGroup: new rds.ParameterGroup(stack, 'DatabaseParameters', {
    engine,
    parameters: { 'rds.force_ssl': '1' },
  }),
  storageEncrypted: true,
  storageType: rds.StorageType.GP3,
});

const redisGroup = new ec2.SecurityGroup(stack, 'RedisGroup', { vpc, allowAllOutbound: false });
const redisSecret = generated('RedisSecret', {
  ...password,
  secretStringTemplate: '{}',
  generateStringKey: 'password',
});
const redis = new elasticache.CfnReplicationGroup(stack, 'Redis', {
  replicationGroupDescription: 'NocoBase',
  engine: 'valkey',
  engineVersion: '8.2',
  cacheNodeType: 'cache.t4g.small',
  numCacheClusters: 2,
  automaticFailoverEnabled: true,
  transitEncryptionEnabled: true,
  authToken: redisSecret.secretValueFromJson('password').unsafeUnwrap(),
  atRestEncryptionEnabled: true,
  securityGroupIds: [redisGroup.securityGroupId],
  cacheSubnetGroupName: new elasticache.CfnSubnetGroup(stack, 'RedisSubnets', {
    description: 'NocoBase',
    subnetIds: vpc.selectSubnets(dataSubnets).subnetIds,
  }).ref,
  cacheParameterGroupName: new elasticache.CfnParameterGroup(stack, 'RedisParameters', {
    cacheParameterGroupFamily: 'valkey8',
    description: 'NocoBase',
    properties: { 'maxmemory-policy': 'noeviction' },
  }).ref,
});

const queueGroup = new ec2.SecurityGroup(stack, 'QueueGroup', { vpc, allowAllOutbound: false });
const queueSecret = generated('QueueSecret', {
  ...password,
  secretStringTemplate: '{"username":"nocobase"}',
  generateStringKey: 'password',
});
const queueUser = {
  username: queueSecret.secretValueFromJson('username').unsafeUnwrap(),
  password: queueSecret.secretValueFromJson('password').unsafeUnwrap(),
};
const broker = new amazonmq.CfnBroker(stack, 'Queue', {
  brokerName: 'nocobase',
  engineType: 'RABBITMQ',
  engineVersion: '4.2',
  hostInstanceType: 'mq.m7g.medium',
  deploymentMode: 'SINGLE_INSTANCE',
  subnetIds: [vpc.isolatedSubnets[0].subnetId],
  securityGroups: [queueGroup.securityGroupId],
  publiclyAccessible: false,
  users: [queueUser],
});

const fileSystem = new efs.FileSystem(stack, 'FileSystem', { vpc, vpcSubnets: dataSubnets, encrypted: true });
const accessPoint = fileSystem.addAccessPoint('AccessPoint', { posixUser: { uid: '0', gid: '0' } });

const redisUrl = (index: number) =>
  `rediss://:${redisSecret.secretValueFromJson('password').unsafeUnwrap()}@${redis.attrPrimaryEndPointAddress}:${redis.attrPrimaryEndPointPort}/${index}`;
const urls = {
  CACHE_REDIS_URL: redisUrl(0),
  PUBSUB_ADAPTER_REDIS_URL: redisUrl(1),
  LOCK_ADAPTER_REDIS_URL: redisUrl(2),
  QUEUE_ADAPTER_REDIS_URL: redisUrl(3),
  REDIS_URL: redisUrl(4),
  QUEUE_ADAPTER_RABBITMQ_URL: `amqps://${queueUser.username}:${queueUser.password}@${Fn.select(1, Fn.split('//', Fn.select(0, broker.attrAmqpEndpoints)))}`,
};
const urlSecret = new secretsmanager.Secret(stack, 'Urls', {
  secretObjectValue: Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [name, SecretValue.unsafePlainText(url)]),
  ),
});

const roots = new CfnMapping(stack, 'Roots', {
  mapping: Object.fromEntries(Object.entries(RDS_ROOTS).map(([region, pem]) => [region, { pem }])),
});

const logGroup = new logs.LogGroup(stack, 'Logs', { retention: logs.RetentionDays.ONE_MONTH });
const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
const taskDefinition = new ecs.FargateTaskDefinition(stack, 'Task', {
  cpu: 2048,
  memoryLimitMiB: 4096,
  runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64 },
  volumes: [
    {
      name: 'storage',
      efsVolumeConfiguration: {
        fileSystemId: fileSystem.fileSystemId,
        transitEncryption: 'ENABLED',
        authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: 'ENABLED' },
      },
    },
  ],
});
taskDefinition.addToTaskRolePolicy(
  new iam.PolicyStatement({
    actions: ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite', 'elasticfilesystem:ClientRootAccess'],
    resources: [fileSystem.fileSystemArn],
  }),
);
const container = taskDefinition.addContainer('NocoBase', {
  image: ecs.ContainerImage.fromRegistry('nocobase/nocobase:2.2.15'),
  command: renderLauncherCommand(),
  portMappings: [{ containerPort: 13000 }],
  logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'web' }),
  linuxParameters: new ecs.LinuxParameters(stack, 'Linux', { initProcessEnabled: true }),
  environment: {
    DB_HOST: database.dbInstanceEndpointAddress,
    DB_PORT: database.dbInstanceEndpointPort,
    DB_CA: roots.findInMap(Aws.REGION, 'pem'),
  },
  secrets: {
    APP_KEY: ecs.Secret.fromSecretsManager(appKey),
    APP_AES_SECRET_KEY: ecs.Secret.fromSecretsManager(aesKey),
    INIT_ROOT_PASSWORD: ecs.Secret.fromSecretsManager(rootPassword),
    LICENSE_KEY: ecs.Secret.fromSecretsManager(licenseKey),
    DB_USER: ecs.Secret.fromSecretsManager(database.secret!, 'username'),
    DB_PASSWORD: ecs.Secret.fromSecretsManager(database.secret!, 'password'),
    ...Object.fromEntries(
      Object.keys(urls).map((name) => [name, ecs.Secret.fromSecretsManager(urlSecret, name)] as const),
    ),
  },
});
container.addMountPoints({ containerPath: '/app/nocobase/storage', sourceVolume: 'storage', readOnly: false });

const service = new ecs.FargateService(stack, 'Service', {
  cluster,
  taskDefinition,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
  minHealthyPercent: 100,
  circuitBreaker: { rollback: true },
  healthCheckGracePeriod: Duration.hours(2),
});
for (const group of [database, redisGroup, queueGroup, fileSystem]) {
  const port = group === redisGroup ? 6379 : group === queueGroup ? 5671 : group === fileSystem ? 2049 : 5432;
  group.connections.allowFrom(service, ec2.Port.tcp(port));
}
service
  .autoScaleTaskCount({ minCapacity: 2, maxCapacity: 4 })
  .scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60 });

const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'Alb', { vpc, internetFacing: true });
const nodes = loadBalancer.addListener('Http', { port: 80, open: false }).addTargets('Nodes', {
  port: 13000,
  protocol: elbv2.ApplicationProtocol.HTTP,
  targets: [service],
  healthCheck: { path: '/api/__health_check' },
});

const maintenanceLogs = new logs.LogGroup(stack, 'MaintenanceLogs', { retention: logs.RetentionDays.ONE_MONTH });
const maintenanceRole = new iam.Role(stack, 'MaintenanceRole', {
  assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
});
for (const [action, resource] of [
  ['ecs:UpdateService', service.serviceArn],
  ['ecs:DescribeServices', service.serviceArn],
  ['elasticloadbalancing:ModifyTargetGroup', nodes.targetGroupArn],
  ['application-autoscaling:RegisterScalableTarget', '*'],
]) {
  maintenanceRole.addToPolicy(new iam.PolicyStatement({ actions: [action], resources: [resource] }));
}
const maintenance = new sfn.StateMachine(stack, 'Maintenance', {
  definitionBody: sfn.DefinitionBody.fromString(
    stack.toJsonString(
      maintenanceDefinition({
        fleets: [
          {
            cluster: cluster.clusterName,
            service: service.serviceArn,
            resourceId: `service/${cluster.clusterName}/${service.serviceName}`,
            minNodes: 2,
            maxNodes: 4,
            graceSeconds: 7200,
            nodesInMaintenance: 1,
            suspended: {
              DynamicScalingInSuspended: false,
              DynamicScalingOutSuspended: false,
              ScheduledScalingSuspended: false,
            },
          },
        ],
        targetGroupArn: nodes.targetGroupArn,
        healthyCodes: '200',
        ruleName: 'hold',
        stackId: stack.stackId,
      }),
    ),
  ),
  role: maintenanceRole,
  logs: { destination: maintenanceLogs, level: sfn.LogLevel.ALL },
});
const start = new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [maintenance.stateMachineArn] });
const holdRole = new iam.Role(stack, 'HoldRole', {
  assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
  inlinePolicies: { Start: new iam.PolicyDocument({ statements: [start] }) },
});
new events.CfnRule(stack, 'Hold', {
  name: 'hold',
  scheduleExpression: 'rate(15 minutes)',
  state: 'DISABLED',
  targets: [{ id: 'Hold', arn: maintenance.stateMachineArn, roleArn: holdRole.roleArn, input: '{"do":"hold"}' }],
});
const counted = (id: string, group: logs.ILogGroup, pattern: string) =>
  new logs.MetricFilter(stack, id, {
    logGroup: group,
    filterPattern: logs.FilterPattern.literal(pattern),
    metricNamespace: 'NocoBase',
    metricName: id,
  }).metric({ statistic: 'Sum', period: Duration.hours(1) });
counted('Held', maintenanceLogs, '{ $.type = "PassStateEntered" }').createAlarm(stack, 'Abandoned', {
  threshold: 1,
  evaluationPeriods: 4,
});
counted('Begun', logGroup, '"Restore point:"');
counted('Superseded', logGroup, '"is superseded:"').createAlarm(stack, 'GivenUp', {
  threshold: 1,
  evaluationPeriods: 1,
});

for (const [id, value] of Object.entries({
  Url: `http://${loadBalancer.loadBalancerDnsName}/`,
  RootPasswordSecret: rootPassword.secretName,
  LicenseSecret: licenseKey.secretName,
  LogGroup: logGroup.logGroupName,
  ClusterName: cluster.clusterName,
  ServiceName: service.serviceName,
  MaintenanceStateMachine: maintenance.stateMachineArn,
  DatabaseInstance: database.instanceIdentifier,
})) {
  new CfnOutput(stack, id, { value });
}

app.synth();
