import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { BackupClient, GetBackupPlanCommand, ListBackupVaultsCommand } from '@aws-sdk/client-backup';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeSecurityGroupRulesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeFileSystemsCommand, EFSClient } from '@aws-sdk/client-efs';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type App, Duration, Stack } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as events from 'aws-cdk-lib/aws-events';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { LocalAws } from './local-aws';

// What CDK's own constructs make is there for the SDK, with what they were told. Of the types that
// deployed-cluster.test.ts does not ask for.

let aws: LocalAws;
let ids: { [logicalId: string]: string };
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.bootstrap();
  await aws.deploy(aws.synthesize(parts));
  ids = await aws.physicalIds('Parts');
});
afterAll(() => aws?.stop());

function parts(app: App) {
  const stack = new Stack(app, 'Parts');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });

  const files = new efs.FileSystem(stack, 'Files', { vpc, throughputMode: efs.ThroughputMode.ELASTIC });
  new secretsmanager.Secret(stack, 'Pin', {
    generateSecretString: {
      secretStringTemplate: '{"user":"ada"}',
      generateStringKey: 'pin',
      passwordLength: 40,
      excludeCharacters: 'abcdef',
      excludePunctuation: true,
      excludeUppercase: true,
      requireEachIncludedType: true,
    },
  });

  const closed = new ec2.SecurityGroup(stack, 'Closed', { vpc, allowAllOutbound: false });
  const other = new ec2.SecurityGroup(stack, 'Other', { vpc });
  closed.connections.allowTo(other, ec2.Port.tcp(5432), 'to the database');

  const vault = new backup.BackupVault(stack, 'Vault');
  const plan = new backup.BackupPlan(stack, 'Plan', { backupVault: vault });
  plan.addRule(
    new backup.BackupPlanRule({
      ruleName: 'nightly',
      scheduleExpression: events.Schedule.cron({ hour: '3', minute: '0' }),
      deleteAfter: Duration.days(35),
    }),
  );
  plan.addSelection('Files', { resources: [backup.BackupResource.fromEfsFileSystem(files)] });

  const task = new ecs.FargateTaskDefinition(stack, 'Task');
  task.addContainer('web', { image: ecs.ContainerImage.fromRegistry('nginx') });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster: new ecs.Cluster(stack, 'Cluster', { vpc }),
    taskDefinition: task,
    minHealthyPercent: 100,
  });
  // Its tasks pull their image by the NAT gateway, which no reference in the template says.
  service.node.addDependency(vpc);
  service
    .autoScaleTaskCount({ minCapacity: 3, maxCapacity: 7 })
    .scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 55 });
  service
    .metricCpuUtilization({ period: Duration.minutes(5) })
    .createAlarm(stack, 'Busy', { threshold: 90, evaluationPeriods: 3, alarmDescription: 'all nodes are busy' });
}

const idOf = (logicalId: RegExp) => Object.entries(ids).find(([id]) => logicalId.test(id))![1];

test('a generated Secret keeps to the rules that it was given', async () => {
  const { SecretString } = await aws.secretsManager.send(new GetSecretValueCommand({ SecretId: idOf(/^Pin/) }));
  expect(JSON.parse(SecretString!)).toEqual({ user: 'ada', pin: expect.stringMatching(/^[g-z0-9]{40}$/) });
});

test('a file system has its throughput', async () => {
  const client = aws.client(EFSClient);
  const { FileSystems } = await client.send(new DescribeFileSystemsCommand({}));
  expect(FileSystems).toMatchObject([{ FileSystemId: idOf(/^Files[0-9A-F]{8}$/), ThroughputMode: 'elastic' }]);
});

test('a security group lets out what its rules say, and nothing else', async () => {
  const { SecurityGroupRules } = await aws
    .client(EC2Client)
    .send(
      new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [idOf(/^Closed[0-9A-F]{8}$/)] }] }),
    );
  expect(SecurityGroupRules!.filter(({ IsEgress }) => IsEgress)).toMatchObject([
    { FromPort: 5432, ToPort: 5432, ReferencedGroupInfo: { GroupId: idOf(/^Other[0-9A-F]{8}$/) } },
  ]);
});

test('a backup plan has its rules, and writes into its vault', async () => {
  const client = aws.client(BackupClient);
  const { BackupVaultList } = await client.send(new ListBackupVaultsCommand({}));
  expect(BackupVaultList).toMatchObject([{ BackupVaultName: idOf(/^Vault/) }]);
  const { BackupPlan } = await client.send(new GetBackupPlanCommand({ BackupPlanId: idOf(/^Plan[0-9A-F]{8}$/) }));
  expect(BackupPlan!.Rules).toMatchObject([
    { RuleName: 'nightly', TargetBackupVaultName: idOf(/^Vault/), ScheduleExpression: 'cron(0 3 * * ? *)' },
  ]);
});

test('a service scales within its bounds, by its policy', async () => {
  const client = aws.client(ApplicationAutoScalingClient);
  const { ScalableTargets } = await client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }));
  expect(ScalableTargets).toMatchObject([{ MinCapacity: 3, MaxCapacity: 7 }]);
  const { ScalingPolicies } = await client.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' }));
  expect(ScalingPolicies).toMatchObject([
    { PolicyType: 'TargetTrackingScaling', TargetTrackingScalingPolicyConfiguration: { TargetValue: 55 } },
  ]);
});

test('an alarm watches its metric', async () => {
  const { MetricAlarms } = await aws
    .client(CloudWatchClient)
    .send(new DescribeAlarmsCommand({ AlarmNames: [idOf(/^Busy/)] }));
  expect(MetricAlarms).toMatchObject([
    { AlarmDescription: 'all nodes are busy', MetricName: 'CPUUtilization', Threshold: 90, EvaluationPeriods: 3 },
  ]);
});
