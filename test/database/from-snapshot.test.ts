import { CfnParameter, Fn, Size } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Database, type SnapshotProps } from '../../lib';
import { only } from '../cluster-fixture';
import { newPlace, told } from '../part-fixture';

const INSTANCE = 'AWS::RDS::DBInstance';

function bind(database: (stack: ReturnType<typeof newPlace>['stack']) => Database) {
  const { stack, context } = newPlace({ env: { region: 'eu-central-1' } });
  const binding = database(stack).bind(stack, context);
  const template = Template.fromStack(stack);
  return { binding, template, environment: told(stack, binding.contribution), ...only(template, INSTANCE) };
}

const fromSnapshot = (identifier: string, props?: SnapshotProps) => () => Database.fromSnapshot(identifier, props);

test('the data is that of the snapshot, the rest as ever', () => {
  const { properties, resource, environment } = bind(fromSnapshot('before-the-move'));
  expect(properties).toMatchObject({
    DBSnapshotIdentifier: 'before-the-move',
    EngineVersion: '17',
    PubliclyAccessible: false,
    DeletionProtection: true,
    BackupRetentionPeriod: 14,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
  });
  expect(resource).toMatchObject({ DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
  expect(environment).toMatchObject({ DB_DATABASE: 'nocobase' });
});

test('what comes with a snapshot is not said again: RDS refuses that', () => {
  const { properties } = bind(fromSnapshot('before-the-move'));
  for (const property of ['DBName', 'MasterUsername', 'StorageEncrypted', 'KmsKeyId', 'AllocatedStorage']) {
    expect(properties).not.toHaveProperty(property);
  }
  expect(properties.MaxAllocatedStorage).toBe(1024);
});

test('its storage may be enlarged', () => {
  const { properties } = bind(fromSnapshot('before-the-move', { allocatedStorage: Size.gibibytes(200) }));
  expect(properties).toMatchObject({ AllocatedStorage: '200', MaxAllocatedStorage: 2000 });
});

test('it takes the place of a database without snapshot, which is replaced and leaves one behind', () => {
  const before = bind(() => Database.postgres());
  const after = bind(fromSnapshot('before-the-move'));
  expect(after.id).toBe(before.id);
  expect(before.resource.UpdateReplacePolicy).toBe('Snapshot');
});

test('its master user gets a new password, which nodes are injected', () => {
  const { template, properties, binding, environment } = bind(
    fromSnapshot('before-the-move', { username: 'crm', databaseName: 'crm_db' }),
  );
  const { properties: secret } = only(template, 'AWS::SecretsManager::Secret');
  expect(JSON.parse(secret.GenerateSecretString.SecretStringTemplate)).toEqual({ username: 'crm' });
  expect(JSON.stringify(properties.MasterUserPassword)).toContain('{{resolve:secretsmanager:');
  expect(Object.keys(binding.contribution.secrets!)).toEqual(['DB_USER', 'DB_PASSWORD']);
  expect(environment.DB_DATABASE).toBe('crm_db');
});

test('RDS is told the password of another user, since it is in another Secret', () => {
  const passwordOf = (username?: string) => {
    const { template, properties } = bind(fromSnapshot('before-the-move', { username }));
    const { id } = only(template, 'AWS::SecretsManager::Secret');
    expect(JSON.stringify(properties.MasterUserPassword)).toContain(`"Ref":"${id}"`);
    return id;
  };
  const [usual, postgres, crm] = [passwordOf(), passwordOf('postgres'), passwordOf('crm')];
  expect(new Set([usual, postgres, crm]).size).toBe(3);
  expect(passwordOf('nocobase')).toBe(usual);
  expect(only(bind(() => Database.postgres()).template, 'AWS::SecretsManager::Secret').id).toBe(usual);
});

test.each([
  'rds:nocobase-2026-01-31-04-05',
  'awsbackup:job-12345678-abcd',
  'arn:aws:rds:eu-central-1:111122223333:snapshot:rds:nocobase-2026-01-31-04-05',
])('%s is a snapshot', (identifier) => {
  expect(bind(fromSnapshot(identifier)).properties.DBSnapshotIdentifier).toBe(identifier);
});

test('which one, and what it runs on, may not be looked up yet', () => {
  // What StringParameter.valueFromLookup answers.
  const pending = 'dummy-value-for-/nocobase';
  const instanceType = new InstanceType(pending);
  const { properties } = bind(fromSnapshot(pending, { instanceType, databaseName: pending, caCertificate: pending }));
  expect(properties.DBSnapshotIdentifier).toBe(pending);
});

test('which one may be known at the deployment only', () => {
  const { properties } = bind((stack) => Database.fromSnapshot(new CfnParameter(stack, 'Snapshot').valueAsString));
  expect(properties.DBSnapshotIdentifier).toEqual({ Ref: 'Snapshot' });
});

test.each<[string, string, SnapshotProps, string]>([
  [
    'a snapshot of Aurora',
    'arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:crm',
    {},
    "`database.snapshotIdentifier` 'arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:crm' is not a snapshot of an RDS instance.",
  ],
  [
    'a snapshot of another region',
    'arn:aws:rds:us-east-1:111122223333:snapshot:crm',
    {},
    "`database.snapshotIdentifier` 'arn:aws:rds:us-east-1:111122223333:snapshot:crm' is in us-east-1, and has to be in eu-central-1. Copy it there",
  ],
  ['no name', '', {}, "`database.snapshotIdentifier` '' is not a snapshot"],
  [
    'a user that is not known before the deployment',
    'crm',
    { username: Fn.importValue('User') },
    '`database.username` is a token',
  ],
  ['a user in quotes', 'crm', { username: '"crm"' }, '`database.username` must be a name'],
  [
    'too little storage',
    'crm',
    { allocatedStorage: Size.gibibytes(10) },
    '`database.allocatedStorage` must be whole GiB between',
  ],
  [
    'too much room',
    'crm',
    { maxAllocatedStorage: Size.tebibytes(65) },
    '`database.maxAllocatedStorage` must be whole GiB, at most',
  ],
])('%s is refused', (_, identifier, props, message) => {
  expect(() => bind(fromSnapshot(identifier, props))).toThrow(message);
});
