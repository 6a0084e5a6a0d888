import {
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  DeleteDBClusterCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { type App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { LocalAws } from './local-aws';

// Databases that come back from a snapshot.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSnapshot('before-the-move', { AllocatedStorage: 50, DBName: 'crm', MasterUsername: 'ada' });
});
afterAll(() => aws?.stop());

function network(app: App) {
  const stack = new Stack(app, 'Databases');
  return { stack, vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }) };
}

describe('a snapshot of a cluster', () => {
  beforeAll(async () => {
    const client = aws.client(RDSClient);
    const DBClusterIdentifier = 'before';
    const MasterUserPassword = 'only-in-the-local-aws';
    await client.send(
      new CreateDBClusterCommand({
        DBClusterIdentifier,
        Engine: 'aurora-postgresql',
        MasterUsername: 'ada',
        MasterUserPassword,
      }),
    );
    await client.send(
      new CreateDBClusterSnapshotCommand({ DBClusterIdentifier, DBClusterSnapshotIdentifier: 'all-of-it' }),
    );
    await client.send(new DeleteDBClusterCommand({ DBClusterIdentifier, SkipFinalSnapshot: true }));
  });

  const restored = (snapshotIdentifier: string, props: Partial<rds.CfnDBClusterProps> = {}) =>
    aws.tryCreate((app) => {
      const { stack, vpc } = network(app);
      const cluster = new rds.DatabaseClusterFromSnapshot(stack, 'Restored', {
        vpc,
        engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
        writer: rds.ClusterInstance.provisioned('Writer'),
        snapshotIdentifier,
        snapshotCredentials: rds.SnapshotCredentials.fromGeneratedSecret('ada'),
      });
      Object.assign(cluster.node.defaultChild as rds.CfnDBCluster, props);
    });

  test('becomes one', async () => {
    expect(await restored('all-of-it')).toEqual({ status: 'CREATE_COMPLETE', why: '' });
    const { DBClusters } = await aws.client(RDSClient).send(new DescribeDBClustersCommand({}));
    expect(DBClusters).toMatchObject([{ MasterUsername: 'ada', DBClusterMembers: [{ IsClusterWriter: true }] }]);
    expect(await aws.tryDelete()).toEqual({ status: 'DELETE_COMPLETE', why: '' });
  });

  test.each<[string, string, Partial<rds.CfnDBClusterProps>, RegExp]>([
    ['that is not there', 'none-of-it', {}, /DBClusterSnapshot none-of-it not found/],
    ['with another user', 'all-of-it', { masterUsername: 'bob' }, /MasterUsername: a cluster .* has it from there/],
  ])('is not restored %s', async (_, snapshot, props, message) => {
    expect((await restored(snapshot, props)).why).toMatch(message);
  });
});

describe('a snapshot', () => {
  function restored(app: App, props: Partial<rds.CfnDBInstanceProps> = {}) {
    const { stack, vpc } = network(app);
    const instance = new rds.DatabaseInstanceFromSnapshot(stack, 'Restored', {
      vpc,
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      snapshotIdentifier: 'before-the-move',
      credentials: rds.SnapshotCredentials.fromGeneratedSecret('ada'),
    });
    Object.assign(instance.node.defaultChild as rds.CfnDBInstance, props);
  }

  test('becomes an instance, with its user and its database', async () => {
    const { why } = await aws.tryCreate((app) => restored(app));
    expect(why).toBe('');
    const { DBInstances } = await aws.client(RDSClient).send(new DescribeDBInstancesCommand({}));
    expect(DBInstances!.filter(({ Engine }) => Engine === 'postgres')).toMatchObject([
      { DBName: 'crm', MasterUsername: 'ada', AllocatedStorage: 100 },
    ]);
  });

  test.each<[string, Partial<rds.CfnDBInstanceProps>, RegExp]>([
    ['that is not there', { dbSnapshotIdentifier: 'after-the-move' }, /DBSnapshot not found: after-the-move/],
    [
      'of a newer version',
      { engineVersion: '16.4' },
      /a snapshot of 17\.\d+ cannot be restored as 16\.4, which is older/,
    ],
    ['of another engine', { engine: 'mysql', engineVersion: '8.0' }, /the snapshot is one of postgres, not of mysql/],
    ['into less storage', { allocatedStorage: '20' }, /AllocatedStorage must be at least that of the snapshot, 50 GiB/],
    [
      'with another user',
      { masterUsername: 'bob' },
      /MasterUsername: an instance that is restored .* has it from there/,
    ],
    ['with other encryption', { storageEncrypted: true }, /StorageEncrypted: it is that of the snapshot/],
  ])('is not restored %s', async (_, props, message) => {
    const { status, why } = await aws.tryCreate((app) => restored(app, props));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
