import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Database, PostgresDatabase, type PostgresDatabaseProps, type PostgresProps } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { environment, newCluster, only, secrets, synthesize } from '../cluster-fixture';
import { newPlace } from '../part-fixture';

const withDatabase = (props: PostgresProps) => newCluster({ database: Database.postgres(props) });

test('the database is private, encrypted, backed up, protected, and speaks TLS only', () => {
  const { template } = synthesize();
  template.hasResource('AWS::RDS::DBInstance', {
    DeletionPolicy: 'Snapshot',
    UpdateReplacePolicy: 'Snapshot',
    Properties: {
      Engine: 'postgres',
      EngineVersion: '17',
      PubliclyAccessible: false,
      StorageEncrypted: true,
      StorageType: 'gp3',
      BackupRetentionPeriod: 14,
      DeletionProtection: true,
      EnablePerformanceInsights: true,
      DatabaseInsightsMode: 'standard',
      CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    },
  });
  template.hasResourceProperties('AWS::RDS::DBParameterGroup', {
    Family: 'postgres17',
    Parameters: { 'rds.force_ssl': '1' },
  });
});

test.each([
  [20, 22],
  [100, 110],
  [110, 121],
])('%i GiB may grow to %i GiB, which are the ten percent more that RDS asks for', (from, to) => {
  const { stack, vpc } = newPlace();
  const grownTo = (gib: number) => () =>
    new PostgresDatabase(stack, `To${gib}`, {
      vpc,
      allocatedStorage: Size.gibibytes(from),
      maxAllocatedStorage: Size.gibibytes(gib),
    });
  expect(grownTo(to)).not.toThrow();
  expect(grownTo(to - 1)).toThrow(`Set at least Size.gibibytes(${to})`);
});

test('it lies in the isolated subnets and grows by itself', () => {
  const { template } = synthesize();
  const { SubnetIds } = only(template, 'AWS::RDS::DBSubnetGroup').properties;
  expect(SubnetIds.map((subnet: any) => subnet.Ref)).toEqual([
    expect.stringContaining('DataSubnet1'),
    expect.stringContaining('DataSubnet2'),
  ]);
  const { AllocatedStorage, MaxAllocatedStorage } = only(template, 'AWS::RDS::DBInstance').properties;
  expect(MaxAllocatedStorage).toBeGreaterThan(Number(AllocatedStorage));
});

test('nobody but the nodes reaches it', () => {
  const { template } = synthesize();
  const nodes = { 'Fn::GetAtt': [Match.stringLikeRegexp('^NocoBaseNodeSecurityGroup'), 'GroupId'] };
  const rules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).filter((rule) =>
    JSON.stringify(rule.Properties.GroupId).includes('Database'),
  );
  expect(rules).toHaveLength(1);
  template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('Database'), 'GroupId'] },
    SourceSecurityGroupId: nodes,
    FromPort: Match.objectLike({ 'Fn::GetAtt': [Match.anyValue(), 'Endpoint.Port'] }),
  });
});

test('nodes verify its certificate: the three variables together, the CA as a file', () => {
  expect(environment(synthesize().template)).toMatchObject({
    DB_DIALECT_OPTIONS_SSL_MODE: 'verify-full',
    DB_DIALECT_OPTIONS_SSL_CA: expect.stringMatching(/^\/.+\.pem$/),
    DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED: 'true',
  });
});

test('a concrete region brings exactly its root to the nodes, and no other into the template', () => {
  const { template } = synthesize({}, { env: { region: 'eu-central-1' } });
  expect(environment(template).LAUNCHER_DATABASE_CA).toBe(RDS_ROOTS['eu-central-1']);
  expect(JSON.stringify(template.toJSON()).match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
});

test('without a region CloudFormation picks the root from a mapping of them all', () => {
  const { template } = synthesize();
  const [mapping, key, attribute] = environment(template).LAUNCHER_DATABASE_CA['Fn::FindInMap'];
  expect(key).toEqual({ Ref: 'AWS::Region' });
  const roots = template.findMappings(mapping)[mapping];
  expect(Object.keys(roots)).toEqual(Object.keys(RDS_ROOTS));
  expect(roots['us-east-1'][attribute]).toBe(RDS_ROOTS['us-east-1']);
});

test('a region without a root is refused, unless its CA is given', () => {
  const region = { env: { region: 'il-central-1' } };
  expect(() => newCluster({}, region)).toThrow(
    /`database.caCertificate` is missing, and this library carries no RDS root for region il-central-1\. .*Database\.postgres\(\{ caCertificate:/,
  );
  const caCertificate = RDS_ROOTS['us-east-1'];
  const { template } = synthesize({ database: Database.postgres({ caCertificate }) }, region);
  expect(environment(template).LAUNCHER_DATABASE_CA).toBe(caCertificate);
});

test('user and password are injected from the Secret that RDS was given', () => {
  const { template } = synthesize();
  const { id } = only(template, 'AWS::SecretsManager::SecretTargetAttachment');
  expect(secrets(template).DB_PASSWORD).toEqual({ 'Fn::Join': ['', [{ Ref: id }, ':password::']] });
  expect(secrets(template).DB_USER).toEqual({ 'Fn::Join': ['', [{ Ref: id }, ':username::']] });
});

test('storage grows up to what RDS allows', () => {
  const { template } = synthesize({ database: Database.postgres({ allocatedStorage: Size.tebibytes(20) }) });
  expect(only(template, 'AWS::RDS::DBInstance').properties.MaxAllocatedStorage).toBe(65536);
});

test('another major version is upgraded to in place', () => {
  expect(only(synthesize().template, 'AWS::RDS::DBInstance').properties.AllowMajorVersionUpgrade).toBe(true);
});

test('a comment before the certificate does no harm', () => {
  const caCertificate = `Amazon RDS root\n${RDS_ROOTS['us-east-1']}`;
  expect(() => withDatabase({ caCertificate })).not.toThrow();
});

test('sizes are passed on', () => {
  const { template } = synthesize({
    database: Database.postgres({
      instanceType: new ec2.InstanceType('m7g.large'),
      multiAz: true,
      version: rds.PostgresEngineVersion.VER_16,
      allocatedStorage: Size.gibibytes(100),
      maxAllocatedStorage: Size.tebibytes(1),
      backupRetention: Duration.days(35),
      deletionProtection: false,
    }),
  });
  expect(only(template, 'AWS::RDS::DBInstance').properties).toMatchObject({
    DBInstanceClass: 'db.m7g.large',
    MultiAZ: true,
    EngineVersion: '16',
    AllocatedStorage: '100',
    MaxAllocatedStorage: 1024,
    BackupRetentionPeriod: 35,
    DeletionProtection: false,
  });
});

test.each<[string, PostgresProps, string]>([
  [
    'PostgreSQL 18',
    { version: rds.PostgresEngineVersion.of('18.1', '18') },
    '`database.version` PostgreSQL 18 is not one of 15, 16, 17.',
  ],
  [
    'no backups',
    { backupRetention: Duration.days(0) },
    '`database.backupRetention` must be between 1 and 35 whole days, got: 0.',
  ],
  ['backups for 36 days', { backupRetention: Duration.days(36) }, 'got: 36.'],
  [
    'backups without a unit',
    { backupRetention: 7 as any },
    '`database.backupRetention` must be a Duration, got: number. Write e.g. Duration.days(14)',
  ],
  [
    'no backups, without a unit,',
    { backupRetention: 0 as any },
    '`database.backupRetention` must be a Duration, got: number.',
  ],
  [
    'storage without a unit',
    { allocatedStorage: 20 as any },
    '`database.allocatedStorage` must be a Size, got: number. Write e.g. Size.gibibytes(100)',
  ],
  [
    'storage in days',
    { maxAllocatedStorage: Duration.days(100) as any },
    '`database.maxAllocatedStorage` must be a Size, got: object.',
  ],
  ['backups for half a day', { backupRetention: Duration.hours(12) }, 'got: 0.5.'],
  [
    '10 GiB',
    { allocatedStorage: Size.gibibytes(10) },
    '`database.allocatedStorage` must be whole GiB between 20 GiB and 64 TiB for gp3, got: 10 GiB.',
  ],
  [
    'a part of a GiB',
    { allocatedStorage: Size.mebibytes(25_000) },
    '`database.allocatedStorage` must be whole GiB between 20 GiB and 64 TiB for gp3, got: 24.4140625 GiB.',
  ],
  [
    'no room to grow',
    { maxAllocatedStorage: Size.gibibytes(21) },
    '`database.maxAllocatedStorage` 21 GiB is less than 10% above the allocated 20 GiB, which RDS refuses. Set at least Size.gibibytes(22).',
  ],
  [
    'a path for a certificate',
    { caCertificate: '/etc/ca.pem' },
    '`database.caCertificate` is not one PEM certificate.',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => withDatabase(props)).toThrow(message);
});

describe('on its own', () => {
  const alone = (props: Partial<PostgresDatabaseProps> = {}) => {
    const { stack, vpc, context } = newPlace();
    const database = new PostgresDatabase(stack, 'Crm', { vpc, ...props });
    return { stack, vpc, database, binding: database.bind(stack, context) };
  };

  test('it lies where a cluster would put it', () => {
    const { stack, vpc } = alone();
    const { SubnetIds } = only(Template.fromStack(stack), 'AWS::RDS::DBSubnetGroup').properties;
    expect(SubnetIds).toEqual(stack.resolve(vpc.privateSubnets.map(({ subnetId }) => subnetId)));
  });

  test('it is not put into public subnets, nor into one zone', () => {
    expect(() => alone({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow(
      '[Prod/Crm]: `vpcSubnets` has public subnets, where nothing belongs that holds data.',
    );
    const oneZone = new ec2.Vpc(newPlace().stack, 'OneZone', { maxAzs: 1 });
    expect(() => alone({ vpc: oneZone })).toThrow('availability zone only');
  });

  test('its key encrypts data, insights and Secret', () => {
    const stack = new Stack(new App(), 'Keys');
    const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/1');
    const template = Template.fromStack(alone({ encryptionKey }).stack);
    expect(only(template, 'AWS::RDS::DBInstance').properties).toMatchObject({
      KmsKeyId: encryptionKey.keyArn,
      PerformanceInsightsKMSKeyId: encryptionKey.keyArn,
    });
    expect(only(template, 'AWS::SecretsManager::Secret').properties.KmsKeyId).toBe(encryptionKey.keyArn);
  });

  test('somebody else may be let in, and read user and password', () => {
    const { stack, vpc, database } = alone();
    const report = new lambda.Function(stack, 'Report', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {};'),
      vpc,
    });
    database.connections.allowDefaultPortFrom(report);
    database.grantConnect(report);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    const { id } = only(template, 'AWS::SecretsManager::SecretTargetAttachment');
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: Match.arrayWith(['secretsmanager:GetSecretValue']), Resource: { Ref: id } }),
        ]),
      },
    });
  });

  test('it has metrics of its instance', () => {
    const { database } = alone();
    const dimensions = { DBInstanceIdentifier: database.instance.instanceIdentifier };
    const metrics = [
      database.metric('ReadLatency', { statistic: 'p99' }),
      database.metricCpuUtilization(),
      database.metricFreeStorageSpace(),
      database.metricDatabaseConnections(),
    ];
    expect(metrics).toMatchObject(
      ['ReadLatency', 'CPUUtilization', 'FreeStorageSpace', 'DatabaseConnections'].map((metricName) => ({
        namespace: 'AWS/RDS',
        metricName,
        dimensions,
      })),
    );
    expect(metrics[0].statistic).toBe('p99');
  });
});
