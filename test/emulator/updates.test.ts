import { DescribeReplicationGroupsCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type App, Duration, Stack } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  ClusterPlugins,
  Database,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  Redis,
} from '../../lib';
import { LocalAws } from './local-aws';

// One cluster, changed again and again.

const STATEFUL =
  /^AWS::(RDS::DBInstance|RDS::DBSubnetGroup|ElastiCache::ReplicationGroup|ElastiCache::SubnetGroup|AmazonMQ::Broker|EFS::(FileSystem|AccessPoint)|SecretsManager::Secret|EC2::(VPC|Subnet)|Logs::LogGroup)$/;
const HOSTED_ZONE = { hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.com' };

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.giveHostedZone(HOSTED_ZONE.hostedZoneId, HOSTED_ZONE.zoneName);
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

type Change = (stack: Stack) => Partial<NocoBaseClusterProps>;

function assembly(change: Change): string {
  return aws.synthesize((scope: App) => {
    const stack = new Stack(scope, 'Changing');
    new NocoBaseCluster(stack, 'NocoBase', {
      plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
      ...change(stack),
    });
  });
}

/** Everything that holds data or that others know by its name: the physical ids, and the values of the keys. */
async function whatMustStay() {
  const ids = await aws.physicalIds('Changing', STATEFUL);
  const keys = Object.entries(ids).filter(([logicalId]) => /Keys|Secret/.test(logicalId));
  const values = keys.map(async ([logicalId, id]) => {
    const { SecretString, VersionId } = await aws.secretsManager.send(new GetSecretValueCommand({ SecretId: id }));
    return [logicalId, SecretString, VersionId];
  });
  return { ids, keys: await Promise.all(values) };
}

const CHANGES: [string, Change][] = [
  ['larger nodes', () => ({ web: { cpu: 4096, memoryLimitMiB: 8192 } })],
  ['more nodes', () => ({ web: { minNodes: 3, maxNodes: 6 } })],
  [
    'a larger database, in two zones, with longer backups',
    () => ({
      database: Database.postgres({
        instanceType: new InstanceType('m7g.large'),
        multiAz: true,
        backupRetention: Duration.days(30),
      }),
    }),
  ],
  ['larger Redis nodes', () => ({ redis: Redis.valkey({ nodeType: 'cache.m7g.large' }) })],
  ['a larger broker', () => ({ queue: MessageQueue.rabbitMq({ instanceType: 'mq.m7g.large' }) })],
  [
    'a domain',
    (stack) => ({
      entrance: Entrance.domain({
        hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', HOSTED_ZONE),
        domainName: 'nocobase.example.com',
      }),
    }),
  ],
  ['CloudFront instead', () => ({ entrance: Entrance.cloudFront() })],
  [
    'settings of the nodes, and a shell in them',
    () => ({
      environment: { TZ: 'Europe/Berlin' },
      enableExecuteCommand: true,
      logRetention: RetentionDays.SIX_MONTHS,
      upgradeTimeout: Duration.hours(4),
    }),
  ],
  ['another architecture', () => ({ cpuArchitecture: CpuArchitecture.X86_64 })],
  ['two NAT gateways', () => ({ natGateways: 2 })],
  ['one node, while a licence is pending', () => ({ plugins: ClusterPlugins.pending() })],
  ['everything as at first', () => ({})],
];

let first: Awaited<ReturnType<typeof whatMustStay>>;
test('a cluster is deployed', async () => {
  await aws.deploy(assembly(() => ({})));
  first = await whatMustStay();
  expect(Object.keys(first.ids).length).toBeGreaterThan(15);
  expect(first.keys.length).toBeGreaterThanOrEqual(6);
});

test.each(CHANGES)('%s: data, addresses and, to the byte, the keys stay', async (_, change) => {
  await aws.deploy(assembly(change));
  expect((await aws.stack('Changing')).StackStatus).toBe('UPDATE_COMPLETE');
  const now = await whatMustStay();
  expect({ ...now, ids: pick(now.ids, first.ids) }).toEqual(first);
});

/** What an option adds is not the point; what was there before must be there. */
function pick(ids: { [id: string]: string }, wanted: object) {
  return Object.fromEntries(Object.entries(ids).filter(([id]) => id in wanted));
}

test('a deployment without changes changes nothing', async () => {
  const before = await aws.events('Changing');
  await aws.deploy(
    assembly(() => ({})),
    '--force',
  );
  expect(await aws.events('Changing')).toEqual(before);
});

test('changes of sizes reach the services', async () => {
  await aws.deploy(
    assembly(() => ({
      database: Database.postgres({ instanceType: new InstanceType('m7g.large'), multiAz: true }),
      redis: Redis.valkey({ nodeType: 'cache.m7g.large' }),
    })),
  );
  const database = await aws.client(RDSClient).send(new DescribeDBInstancesCommand({}));
  expect(database.DBInstances).toMatchObject([{ DBInstanceClass: 'db.m7g.large', MultiAZ: true }]);
  const redis = await aws.client(ElastiCacheClient).send(new DescribeReplicationGroupsCommand({}));
  expect(redis.ReplicationGroups).toMatchObject([{ CacheNodeType: 'cache.m7g.large' }]);
});
