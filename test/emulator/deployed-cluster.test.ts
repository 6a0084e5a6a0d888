import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeSecurityGroupRulesCommand, EC2Client, type SecurityGroupRule } from '@aws-sdk/client-ec2';
import {
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import {
  DescribeFileSystemsCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
} from '@aws-sdk/client-efs';
import {
  DescribeCacheClustersCommand,
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
} from '@aws-sdk/client-elasticache';
import { DescribeBrokerCommand, MqClient } from '@aws-sdk/client-mq';
import {
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Database, NocoBaseCluster } from '../../lib';
import { LocalAws } from './local-aws';

// What AWS's own SDK sees of a cluster that the CDK CLI has deployed.

const LICENSE = 'a licence key';

function app(scope: App, deletionProtection = true) {
  const stack = new Stack(scope, 'Deployed');
  new NocoBaseCluster(stack, 'NocoBase', {
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    database: Database.postgres({ deletionProtection }),
  });
}

let aws: LocalAws;
let ids: { [logicalId: string]: string };
let task: TaskDefinition;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', LICENSE);
  await aws.bootstrap();
  await aws.deploy(aws.synthesize(app));
  ids = await aws.physicalIds('Deployed');
  const service = await aws
    .client(ECSClient)
    .send(new DescribeServicesCommand({ cluster: idOf(/Ecs/), services: [idOf(/WebService[0-9A-F]{8}$/)] }));
  const { taskDefinition } = await aws
    .client(ECSClient)
    .send(new DescribeTaskDefinitionCommand({ taskDefinition: service.services![0].taskDefinition }));
  task = taskDefinition!;
});
afterAll(() => aws?.stop());

/** The physical id of the one resource whose logical id matches. */
function idOf(logicalId: RegExp): string {
  const found = Object.keys(ids).filter((id) => logicalId.test(id));
  if (found.length !== 1) throw new Error(`${logicalId} is ${found.join(', ') || 'nothing'}`);
  return ids[found[0]];
}

async function secretValue(id: string): Promise<string> {
  const { SecretString } = await aws.secretsManager.send(new GetSecretValueCommand({ SecretId: id }));
  return SecretString!;
}

/** What ECS would inject: the whole Secret, or one field of it (`arn:…:secret:name-xxxxxx:field:stage:version`). */
async function injected(valueFrom: string): Promise<string> {
  const [, arn, field] = /^((?:[^:]+:){6}[^:]+)(?::([^:]*):[^:]*:[^:]*)?$/.exec(valueFrom)!;
  const value = await secretValue(arn);
  return field ? JSON.parse(value)[field] : value;
}

const container = () => task.containerDefinitions![0];
const secretOf = (variable: string) => injected(container().secrets!.find(({ name }) => name === variable)!.valueFrom!);
const variableOf = (name: string) => container().environment!.find((variable) => variable.name === name)?.value;

describe('keys', () => {
  test('the AES key is 64 lowercase hexadecimal characters', async () => {
    expect(await secretOf('APP_AES_SECRET_KEY')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the key that signs tokens and the first password are long and random', async () => {
    expect(await secretOf('APP_KEY')).toMatch(/^[0-9A-Za-z]{64}$/);
    expect((await secretOf('INIT_ROOT_PASSWORD')).length).toBeGreaterThanOrEqual(16);
    const values = await Promise.all(['APP_KEY', 'APP_AES_SECRET_KEY', 'INIT_ROOT_PASSWORD'].map(secretOf));
    expect(new Set(values).size).toBe(3);
  });

  test('the licence key is the one that was there before', async () => {
    expect(await secretOf('LAUNCHER_LICENSE_KEY')).toBe(LICENSE);
  });
});

describe('connections', () => {
  test('every secret of the task definition names a Secret that is there, and a field that it has', async () => {
    const secrets = container().secrets!;
    expect(secrets.length).toBeGreaterThan(10);
    for (const { name, valueFrom } of secrets) {
      expect([name, await injected(valueFrom!)]).toEqual([name, expect.stringMatching(/./)]);
    }
  });

  test('each Redis URL carries the token of the replication group, its address, and a database of its own', async () => {
    const { ReplicationGroups } = await aws
      .client(ElastiCacheClient)
      .send(new DescribeReplicationGroupsCommand({ ReplicationGroupId: idOf(/ReplicationGroup/) }));
    const endpoint = ReplicationGroups![0].NodeGroups![0].PrimaryEndpoint!;
    const token = JSON.parse(await secretValue(idOf(/RedisSecret/))).password;
    const variables = [
      'CACHE_REDIS_URL',
      'PUBSUB_ADAPTER_REDIS_URL',
      'LOCK_ADAPTER_REDIS_URL',
      'QUEUE_ADAPTER_REDIS_URL',
      'REDIS_URL',
    ];
    const urls = await Promise.all(variables.map(async (variable) => new URL(await secretOf(variable))));
    for (const url of urls) {
      expect(url).toMatchObject({
        protocol: 'rediss:',
        username: '',
        hostname: endpoint.Address,
        port: String(endpoint.Port),
      });
      expect(decodeURIComponent(url.password)).toBe(token);
    }
    expect(new Set(urls.map(({ pathname }) => pathname)).size).toBe(variables.length);
  });

  test('the queue URL carries the user of the broker, and one of its addresses', async () => {
    const broker = await aws.client(MqClient).send(new DescribeBrokerCommand({ BrokerId: idOf(/QueueBroker/) }));
    const { username, password } = JSON.parse(await secretValue(idOf(/QueueSecret/)));
    const url = new URL(await secretOf('QUEUE_ADAPTER_RABBITMQ_URL'));
    expect(decodeURIComponent(url.username)).toBe(username);
    expect(decodeURIComponent(url.password)).toBe(password);
    expect(broker.Users!.map(({ Username }) => Username)).toEqual([username]);
    expect(broker.BrokerInstances!.flatMap(({ Endpoints }) => Endpoints)).toContain(`amqps://${url.host}`);
  });

  test('the nodes get address, user and password of the database, as the database has them', async () => {
    const { DBInstances } = await aws
      .client(RDSClient)
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: idOf(/DatabaseInstance[0-9A-F]{8}$/) }));
    const instance = DBInstances![0];
    expect(variableOf('DB_HOST')).toBe(instance.Endpoint!.Address);
    expect(variableOf('DB_PORT')).toBe(String(instance.Endpoint!.Port));
    expect(variableOf('DB_DATABASE')).toBe(instance.DBName);
    expect(await secretOf('DB_USER')).toBe(instance.MasterUsername);
    // The attachment has completed the Secret for whoever else reads it.
    const secret = JSON.parse(await secretValue(idOf(/DatabaseInstanceSecret[0-9A-F]{8}[0-9a-f]*$/)));
    expect(secret).toMatchObject({
      engine: 'postgres',
      host: instance.Endpoint!.Address,
      port: instance.Endpoint!.Port,
      dbname: instance.DBName,
      password: await secretOf('DB_PASSWORD'),
    });
  });

  test('everything that holds data is encrypted, and not public', async () => {
    const database = await aws.client(RDSClient).send(new DescribeDBInstancesCommand({}));
    expect(database.DBInstances).toMatchObject([
      { StorageEncrypted: true, PubliclyAccessible: false, DeletionProtection: true },
    ]);
    const redis = await aws.client(ElastiCacheClient).send(new DescribeReplicationGroupsCommand({}));
    expect(redis.ReplicationGroups).toMatchObject([
      { AtRestEncryptionEnabled: true, TransitEncryptionEnabled: true, AuthTokenEnabled: true },
    ]);
    const broker = await aws.client(MqClient).send(new DescribeBrokerCommand({ BrokerId: idOf(/QueueBroker/) }));
    expect(broker.PubliclyAccessible).toBe(false);
    const storage = await aws.client(EFSClient).send(new DescribeFileSystemsCommand({}));
    expect(storage.FileSystems).toMatchObject([{ Encrypted: true }]);
  });
});

describe('who reaches whom', () => {
  let rules: SecurityGroupRule[];
  beforeAll(async () => {
    const answer = await aws.client(EC2Client).send(new DescribeSecurityGroupRulesCommand({ MaxResults: 1000 }));
    rules = answer.SecurityGroupRules!;
  });

  const ingress = (group: string) =>
    rules.filter(({ GroupId, IsEgress }) => GroupId === group && !IsEgress).map(describeRule);
  const describeRule = (rule: SecurityGroupRule) => ({
    from: rule.ReferencedGroupInfo?.GroupId ?? rule.PrefixListId ?? rule.CidrIpv4 ?? rule.CidrIpv6,
    ports: `${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort}`,
  });

  test.each([
    ['database', /DatabaseSecurityGroup[0-9A-F]{8}$/, 'tcp 5432-5432'],
    ['Redis', /RedisSecurityGroup[0-9A-F]{8}$/, 'tcp 6379-6379'],
    ['queue', /QueueSecurityGroup[0-9A-F]{8}$/, 'tcp 5671-5671'],
    ['storage', /StorageSecurityGroup[0-9A-F]{8}$/, 'tcp 2049-2049'],
  ])('the nodes reach the %s by one port, and nobody else does', (_, group, ports) => {
    expect(ingress(idOf(group))).toEqual([{ from: idOf(/NodeSecurityGroup[0-9A-F]{8}$/), ports }]);
  });

  test('the data services are in the groups that say so, and in no other', async () => {
    const database = await aws.client(RDSClient).send(new DescribeDBInstancesCommand({}));
    expect(database.DBInstances![0].VpcSecurityGroups!.map((group) => group.VpcSecurityGroupId)).toEqual([
      idOf(/DatabaseSecurityGroup[0-9A-F]{8}$/),
    ]);
    const redis = await aws.client(ElastiCacheClient).send(new DescribeCacheClustersCommand({}));
    for (const node of redis.CacheClusters ?? []) {
      expect(node.SecurityGroups!.map((group) => group.SecurityGroupId)).toEqual([
        idOf(/RedisSecurityGroup[0-9A-F]{8}$/),
      ]);
    }
    const broker = await aws.client(MqClient).send(new DescribeBrokerCommand({ BrokerId: idOf(/QueueBroker/) }));
    expect(broker.SecurityGroups).toEqual([idOf(/QueueSecurityGroup[0-9A-F]{8}$/)]);
    const efs = aws.client(EFSClient);
    const { MountTargets } = await efs.send(
      new DescribeMountTargetsCommand({ FileSystemId: idOf(/FileSystem[0-9A-F]{8}$/) }),
    );
    expect(MountTargets).toHaveLength(2);
    for (const { MountTargetId } of MountTargets!) {
      const { SecurityGroups } = await efs.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId }));
      expect(SecurityGroups).toEqual([idOf(/StorageSecurityGroup[0-9A-F]{8}$/)]);
    }
  });

  test('the load balancer reaches the nodes on their port, and nobody else does', () => {
    expect(ingress(idOf(/NodeSecurityGroup[0-9A-F]{8}$/))).toEqual([
      { from: idOf(/AlbSecurityGroup[0-9A-F]{8}$/), ports: 'tcp 13000-13000' },
    ]);
  });

  test('an entrance that nobody chose is open to nobody', () => {
    expect(ingress(idOf(/AlbSecurityGroup[0-9A-F]{8}$/))).toEqual([]);
  });
});

describe('what stays', () => {
  const KEYS = ['APP_KEY', 'APP_AES_SECRET_KEY', 'INIT_ROOT_PASSWORD'];
  const rds = () => aws.client(RDSClient);

  test('a stack whose database is protected is not removed, and its data stays', async () => {
    const values = await Promise.all(KEYS.map(secretOf));
    const run = await aws.destroy(aws.synthesize(app));
    expect(run.exitCode).not.toBe(0);
    expect(run.output).toMatch(/DELETE_FAILED/);
    expect(await Promise.all(KEYS.map(secretOf))).toEqual(values);
    expect((await rds().send(new DescribeDBInstancesCommand({}))).DBInstances).toMatchObject([
      { DBInstanceStatus: 'available', DeletionProtection: true },
    ]);
  });

  test('without the protection it goes, and leaves keys, file system, logs and a snapshot of the database', async () => {
    const values = await Promise.all(KEYS.map(secretOf));
    // A stack that could not be removed takes no deployment any more.
    await rds().send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: idOf(/DatabaseInstance[0-9A-F]{8}$/),
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    expect((await aws.destroy(aws.synthesize(app))).exitCode).toBe(0);
    await expectWhatStays(values);
  });

  test('what can be made anew is gone', async () => {
    const redis = await aws.client(ElastiCacheClient).send(new DescribeReplicationGroupsCommand({}));
    expect(redis.ReplicationGroups).toEqual([]);
    const { clusters } = await aws.client(ECSClient).send(new DescribeClustersCommand({ clusters: [idOf(/Ecs/)] }));
    expect(clusters).toMatchObject([{ status: 'INACTIVE' }]);
    await expect(secretValue(idOf(/ConnectionUrls/))).rejects.toThrow();
  });

  async function expectWhatStays(values: string[]) {
    expect(await Promise.all(KEYS.map(secretOf))).toEqual(values);
    const storage = await aws.client(EFSClient).send(new DescribeFileSystemsCommand({}));
    expect(storage.FileSystems).toMatchObject([{ FileSystemId: idOf(/FileSystem[0-9A-F]{8}$/) }]);
    const { logGroups } = await aws
      .client(CloudWatchLogsClient)
      .send(new DescribeLogGroupsCommand({ logGroupNamePrefix: idOf(/NocoBaseLogs/) }));
    expect(logGroups).toHaveLength(1);
    expect((await rds().send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
    const { DBSnapshots } = await rds().send(new DescribeDBSnapshotsCommand({}));
    expect(DBSnapshots).toMatchObject([{ DBInstanceIdentifier: idOf(/DatabaseInstance[0-9A-F]{8}$/) }]);
  }
});

test('with the protection switched off by a deployment it goes at once', async () => {
  const unprotected = aws.synthesize((scope) => app(scope, false));
  await aws.deploy(aws.synthesize(app));
  await aws.deploy(unprotected);
  expect((await aws.destroy(unprotected)).exitCode).toBe(0);
});
