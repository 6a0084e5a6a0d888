import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ApplicationKeys, ClusterPlugins, NocoBaseCluster, NocoBaseImage, StoredSecret } from '../../lib';
import { LocalAws } from './local-aws';

// A first deployment that goes wrong, and the way out that the README shows.

/** Keys that somebody brings along. */
function given(scope: Construct): ApplicationKeys {
  const named = (name: string) => StoredSecret.inSecretsManager(Secret.fromSecretNameV2(scope, name, name));
  return ApplicationKeys.existing({
    appKey: named('app-key'),
    aesSecretKey: named('aes-key'),
    rootPassword: named('root-password'),
  });
}

const AES_KEY = '0123456789abcdef'.repeat(4);
const STATEFUL = /^AWS::(RDS::DBInstance|ElastiCache::ReplicationGroup|AmazonMQ::Broker|EFS::FileSystem)$/;

let aws: LocalAws;
let aesKey: string;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.giveSecret('app-key', 'k'.repeat(64));
  await aws.giveSecret('root-password', 'a-Long-enough-1');
  aesKey = await aws.giveSecret('aes-key', AES_KEY);
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

function app(name: string, version = '2.2.15') {
  return aws.synthesize((scope: App) => {
    const stack = new Stack(scope, name);
    new NocoBaseCluster(stack, 'NocoBase', {
      plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
      keys: given(stack),
      image: NocoBaseImage.version(version),
    });
  });
}

/** What has ever been made in a stack, of types that match. */
async function everMade(stack: string, type: RegExp): Promise<string[]> {
  const events = await aws.events(stack);
  return events
    .filter(({ ResourceType, ResourceStatus }) => type.test(ResourceType!) && ResourceStatus !== 'DELETE_COMPLETE')
    .map(({ LogicalResourceId }) => LogicalResourceId!);
}

async function setAesKey(value: string) {
  await aws.secretsManager.send(new PutSecretValueCommand({ SecretId: aesKey, SecretString: value }));
}

describe('with a malformed AES key', () => {
  beforeAll(() => setAesKey('z'.repeat(64)));
  afterAll(() => setAesKey(AES_KEY));

  test('stops at the preflight with its sentence; nothing that holds data was made, and no service', async () => {
    const run = await aws.tryDeploy(app('Malformed'));
    expect(run.exitCode).toBe(1);
    expect(run.output).toMatch(/APP_AES_SECRET_KEY/);
    expect(run.output).toMatch(/64 hexadecimal characters/);
    expect(run.output).not.toContain('zzzz');
    expect(await everMade('Malformed', STATEFUL)).toEqual([]);
    expect(await everMade('Malformed', /^AWS::ECS::Service$/)).toEqual([]);
    expect((await aws.stack('Malformed')).StackStatus).toBe('ROLLBACK_COMPLETE');
  });

  test('goes through by the same command, once the key is mended', async () => {
    await setAesKey(AES_KEY);
    await aws.deploy(app('Malformed'));
    expect((await aws.stack('Malformed')).StackStatus).toBe('CREATE_COMPLETE');
  });
});

describe('whose nodes never get healthy', () => {
  beforeAll(() => aws.setUnhealthyImages('nocobase:2.2.13', 'nocobase:2.2.14'));
  afterAll(() => aws.setUnhealthyImages());

  test('with --no-rollback stays as it is, so that one can look', async () => {
    const run = await aws.tryDeploy(app('Unhealthy', '2.2.13'), '--no-rollback');
    expect(run.exitCode).toBe(1);
    expect(run.output).toMatch(/Circuit Breaker/);
    expect((await aws.stack('Unhealthy')).StackStatus).toBe('CREATE_FAILED');
    expect(Object.keys(await aws.physicalIds('Unhealthy', STATEFUL))).toHaveLength(4);
  });

  test('is tried again by the same command, as often as it takes, whatever is changed about the nodes', async () => {
    const before = await aws.physicalIds('Unhealthy', STATEFUL);
    const run = await aws.tryDeploy(app('Unhealthy', '2.2.14'), '--no-rollback');
    expect(run.output).toMatch(/Circuit Breaker/);
    expect((await aws.stack('Unhealthy')).StackStatus).toBe('UPDATE_FAILED');

    await aws.deploy(app('Unhealthy'), '--no-rollback');
    expect((await aws.stack('Unhealthy')).StackStatus).toBe('UPDATE_COMPLETE');
    expect(await aws.physicalIds('Unhealthy', STATEFUL)).toEqual(before);
    await expectNodes('Unhealthy', 2);
  });

  test('is tried again as it is, where the cause was elsewhere', async () => {
    const assembly = app('Elsewhere', '2.2.14');
    await aws.tryDeploy(assembly, '--no-rollback');
    const before = await aws.physicalIds('Elsewhere', STATEFUL);
    await aws.setUnhealthyImages();
    await aws.deploy(assembly, '--no-rollback');
    expect(await aws.physicalIds('Elsewhere', STATEFUL)).toEqual(before);
    await expectNodes('Elsewhere', 2);
  });
});

describe('without --no-rollback', () => {
  beforeAll(() => aws.setUnhealthyImages('nocobase:2.2.14'));
  afterAll(() => aws.setUnhealthyImages());

  test('its rollback hangs at the protection of the database, which is not lost', async () => {
    const run = await aws.tryDeploy(app('RolledBack', '2.2.14'));
    expect(run.exitCode).toBe(1);
    expect((await aws.stack('RolledBack')).StackStatus).toBe('ROLLBACK_FAILED');
    const { DBInstances } = await aws
      .client(RDSClient)
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: await databaseOf('RolledBack') }));
    expect(DBInstances).toMatchObject([{ DBInstanceStatus: 'available', DeletionProtection: true }]);
  });

  test('starts over once the protection is off and the stack deleted', async () => {
    await aws.client(RDSClient).send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: await databaseOf('RolledBack'),
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    expect((await aws.destroy(app('RolledBack'))).exitCode).toBe(0);
    await aws.deploy(app('RolledBack'));
    expect((await aws.stack('RolledBack')).StackStatus).toBe('CREATE_COMPLETE');
  });
});

async function databaseOf(stack: string): Promise<string> {
  const [database] = Object.values(await aws.physicalIds(stack, 'AWS::RDS::DBInstance'));
  return database;
}

async function expectNodes(stack: string, runningCount: number) {
  const { ClusterName, ServiceName } = await outputsOf(stack);
  const { services } = await aws
    .client(ECSClient)
    .send(new DescribeServicesCommand({ cluster: ClusterName, services: [ServiceName] }));
  expect(services).toMatchObject([{ status: 'ACTIVE', runningCount }]);
}

/** By their names without the hash that constructs in a stack of others have. */
async function outputsOf(stack: string): Promise<{ [name: string]: string }> {
  const outputs = Object.entries(await aws.outputs(stack));
  return Object.fromEntries(outputs.map(([key, value]) => [key.replace(/^NocoBase|[0-9A-F]{8}$/g, ''), value]));
}
