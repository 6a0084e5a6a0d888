import { DescribeDBSnapshotsCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { Database, type NocoBaseClusterProps } from '../../lib';
import { LocalAws } from './local-aws';
import { NEW, OLD, OperatedCluster } from './operated-cluster';

let aws: LocalAws;
let cluster: OperatedCluster;
beforeAll(async () => {
  aws = await LocalAws.start();
  cluster = new OperatedCluster(aws);
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

const props: Partial<NocoBaseClusterProps> = { database: Database.postgres({ snapshotBeforeUpgrade: true }) };

async function snapshots() {
  const { DBSnapshots = [] } = await aws
    .client(RDSClient)
    .send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
  return DBSnapshots.map(({ DBSnapshotIdentifier, Status, TagList = [] }) => ({
    name: DBSnapshotIdentifier!,
    status: Status,
    before: TagList.find(({ Key }) => Key === 'cdk-nocobase:before-upgrade')?.Value,
  }));
}

test('there is none of the first nodes', async () => {
  await cluster.deploy(OLD, props);
  expect(await snapshots()).toEqual([]);
});

test('there is one of another version, taken before its nodes start', async () => {
  await cluster.deploy(NEW, props);
  expect(await snapshots()).toEqual([
    {
      name: expect.stringMatching(/^nocobase-before-upgrade-\w{8}-\w{8}$/),
      status: 'available',
      before: expect.stringContaining(`:${NEW} preinstalled`),
    },
  ]);
  const [{ LogicalResourceId: first }] = (await aws.events('Prod'))
    .reverse()
    .filter(
      ({ ResourceStatus, LogicalResourceId }) =>
        ResourceStatus === 'UPDATE_IN_PROGRESS' || /SnapshotBeforeUpgradeSnapshot/.test(LogicalResourceId!),
    )
    .filter(({ LogicalResourceId }) => /WebService|SnapshotBeforeUpgradeSnapshot/.test(LogicalResourceId!));
  expect(first).toMatch(/SnapshotBeforeUpgradeSnapshot/);
});

test('there is none of another setting', async () => {
  await cluster.deploy(NEW, { ...props, environment: { LOGGER_LEVEL: 'debug' } });
  expect(await snapshots()).toHaveLength(1);
});

test('a version that fails is rolled back, without another one', async () => {
  await aws.setUnhealthyImages(`:${OLD}`);
  const { exitCode } = await aws.tryDeploy(cluster.assembly(OLD, props));
  expect(exitCode).not.toBe(0);
  expect((await aws.stack('Prod')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await snapshots()).toHaveLength(2);
  await aws.setUnhealthyImages();
});

test('there is another one of a version that was here before', async () => {
  await cluster.deploy(OLD, props);
  await cluster.deploy(NEW, props);
  const all = await snapshots();
  expect(all).toHaveLength(4);
  expect(new Set(all.map(({ name }) => name)).size).toBe(4);
});

test('they stay when the stack goes', async () => {
  await aws.client(RDSClient).send(
    new ModifyDBInstanceCommand({
      DBInstanceIdentifier: cluster.outputs.DatabaseInstance,
      DeletionProtection: false,
    }),
  );
  await aws.destroy(cluster.assembly(NEW, props));
  const left = (await snapshots()).filter(({ before }) => before !== undefined);
  expect(left).toHaveLength(4);
});
