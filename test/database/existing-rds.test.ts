import { type App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Dependable } from 'constructs';
import { Database, DatabaseCa, type ExistingRdsOptions, type PartBinding, PostgresDatabase } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { named, newPlace, told, warnings } from '../part-fixture';

const PEM = RDS_ROOTS['us-east-1'];
const { VER_17 } = rds.PostgresEngineVersion;

/** What a test makes in a stack with a network, bound with the options that it is about. */
function bind(
  make: (stack: Stack, vpc: ec2.IVpc) => rds.IDatabaseInstance | rds.IDatabaseCluster,
  options: Partial<ExistingRdsOptions> = {},
) {
  const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
  const source = make(stack, vpc);
  const all = { secret: named(stack, 'database'), ...options };
  const database =
    'instanceEndpoint' in source ? Database.fromInstance(source, all) : Database.fromCluster(source, all);
  const binding = database.bind(stack, context);
  return { stack, source, binding, environment: told(stack, binding.contribution) };
}

const instance =
  (props: Partial<rds.DatabaseInstanceProps> = {}, engine = rds.DatabaseInstanceEngine.postgres({ version: VER_17 })) =>
  (stack: Stack, vpc: ec2.IVpc) =>
    new rds.DatabaseInstance(stack, 'Crm', { engine, vpc, ...props });

const importedInstance =
  (engine?: rds.IInstanceEngine, instanceEndpointAddress = 'crm.abc123.eu-central-1.rds.amazonaws.com') =>
  (stack: Stack) =>
    rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Crm', {
      instanceIdentifier: 'crm',
      instanceEndpointAddress,
      port: 5433,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
      engine,
    });

const aurora =
  (engine: rds.IClusterEngine, writer = rds.ClusterInstance.serverlessV2('Writer')) =>
  (stack: Stack, vpc: ec2.IVpc) =>
    new rds.DatabaseCluster(stack, 'Aurora', { engine, writer, vpc });

const AURORA_16 = rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 });

test('an instance of the app is reached at its endpoint, with the root of RDS', () => {
  const { environment, binding, source } = bind(instance());
  expect(environment).toMatchObject({
    DB_HOST: expect.stringMatching(/^<Crm\w+\.Endpoint\.Address>$/),
    DB_PORT: expect.stringMatching(/^<Crm\w+\.Endpoint\.Port>$/),
    LAUNCHER_DATABASE_CA: RDS_ROOTS['eu-central-1'],
  });
  expect(binding.connections!.securityGroups).toEqual(source.connections.securityGroups);
});

test('an imported instance, that says nothing of its engine, is taken at its word', () => {
  const { environment, binding, stack } = bind(importedInstance());
  expect(environment).toMatchObject({ DB_HOST: 'crm.abc123.eu-central-1.rds.amazonaws.com', DB_PORT: '5433' });
  expect(binding.connections!.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1']);
  expect(binding.connections!.defaultPort!.toString()).toBe('5433');
  expect(warnings(stack)).toEqual([]);
});

test('of an Aurora cluster nodes speak to the writer, Serverless v2 or not', () => {
  for (const writer of [rds.ClusterInstance.serverlessV2('Writer'), rds.ClusterInstance.provisioned('Writer')]) {
    const { environment, binding } = bind(aurora(AURORA_16, writer));
    expect(environment).toMatchObject({
      DB_HOST: expect.stringMatching(/^<Aurora\w+\.Endpoint\.Address>$/),
      DB_PORT: expect.stringMatching(/^<Aurora\w+\.Endpoint\.Port>$/),
      LAUNCHER_DATABASE_CA: RDS_ROOTS['eu-central-1'],
    });
    expect(binding.connections!.securityGroups).toHaveLength(1);
  }
});

test('an imported Aurora cluster needs its endpoint and port, and its security groups where nodes are to be let in', () => {
  const imported = (attributes: Partial<rds.DatabaseClusterAttributes>) => (stack: Stack) =>
    rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Aurora', { clusterIdentifier: 'crm', ...attributes });
  const { environment, binding } = bind(imported({ clusterEndpointAddress: 'crm.cluster-abc123', port: 5432 }));
  expect(environment).toMatchObject({ DB_HOST: 'crm.cluster-abc123', DB_PORT: '5432' });
  expect(binding.connections!.securityGroups).toEqual([]);
  expect(() => bind(imported({}))).toThrow(
    '[Prod]: `database` Prod/Aurora was imported without an endpoint address and port, so nodes would not find it. Import it with `clusterEndpointAddress` and `port`.',
  );
});

const awaited = ({ startAfter = [] }: PartBinding) =>
  startAfter.flatMap((each) => Dependable.of(each).dependencyRoots.map(({ node }) => node.path));

test('nodes wait for what answers at an endpoint: the instances of Aurora, the targets of a proxy', () => {
  expect(awaited(bind(aurora(AURORA_16)).binding)).toEqual(['Prod/Aurora/Writer/Resource']);

  const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
  const crm = instance()(stack, vpc);
  const proxy = crm.addProxy('Proxy', { vpc, secrets: [crm.secret!] });
  const behind = Database.existing({ host: proxy.endpoint, ca: DatabaseCa.wellKnown(), secret: crm.secret! });
  expect(awaited(behind.bind(stack, context))).toEqual(['Prod/Crm/Proxy/ProxyTargetGroup']);
});

test.each<[string, string | undefined, (cluster: rds.CfnDBCluster) => string]>([
  ['by reference', undefined, ({ ref }) => ref],
  ['by name', 'crm', () => 'crm'],
])(
  'nodes wait for the instances of their cluster, named %s and made when they like, and for no others',
  (_, name, id) => {
    const { stack, context } = newPlace({ env: { region: 'eu-central-1' } });
    const instance = (at: Stack, called: string, dbClusterIdentifier?: string) =>
      new rds.CfnDBInstance(at, called, { dbInstanceClass: 'db.r8g.large', dbClusterIdentifier });
    const cluster = new rds.CfnDBCluster(stack, 'Aurora', { engine: 'aurora-postgresql', dbClusterIdentifier: name });
    instance(stack, 'First', id(cluster));
    instance(stack, 'Reporting');
    instance(stack, 'OfAnother', 'erp');
    instance(new Stack(stack.node.root as App, 'Elsewhere'), 'OfAnotherStack', id(cluster));
    const server = { host: cluster.attrEndpointAddress, ca: DatabaseCa.rds(), secret: named(stack, 'database') };
    const binding = Database.existing(server).bind(stack, context);
    instance(stack, 'Later', id(cluster));
    expect(awaited(binding)).toEqual(['Prod/First', 'Prod/Later']);
  },
);

test('an instance of another region is refused', () => {
  const env = { account: '111122223333', region: 'eu-central-1' };
  const { stack, context } = newPlace({ env });
  const elsewhere = new Stack(stack, 'Elsewhere', { env: { ...env, region: 'us-east-1' } });
  const crm = instance()(elsewhere, new ec2.Vpc(elsewhere, 'Vpc'));
  expect(() => Database.fromInstance(crm, { secret: crm.secret! }).bind(stack, context)).toThrow(
    '`database` Prod/Elsewhere/Crm is in us-east-1, and has to be in eu-central-1.',
  );
});

describe('synthesis warns', () => {
  const rotates = 'cdk-nocobase:database-password-rotates';
  const ownSecret =
    (change: (made: rds.DatabaseInstance) => void, props: Partial<rds.DatabaseInstanceProps> = {}) =>
    () => {
      const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
      const made = instance({ databaseName: 'nocobase', ...props })(stack, vpc);
      change(made);
      const managed = (made.node.defaultChild as rds.CfnDBInstance).attrMasterUserSecretSecretArn;
      const secret = made.secret ?? Secret.fromSecretCompleteArn(stack, 'Managed', managed);
      Database.fromInstance(made, { secret }).bind(stack, context);
      return warnings(stack);
    };
  const nothing = () => {};

  test.each<[string, () => string[], string | undefined]>([
    ['of a password that RDS manages', ownSecret(nothing, { manageMasterUserPassword: true }), rotates],
    [
      'of a password that rotates',
      ownSecret((made) => made.addRotationSingleUser()),
      `This Secret rotates (Prod/Crm/Secret/Attachment/RotationSchedule/Resource).`,
    ],
    [
      'of one that is told to only afterwards',
      () => {
        const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
        const made = instance({ databaseName: 'nocobase' })(stack, vpc);
        Database.fromInstance(made, { secret: made.secret! }).bind(stack, context);
        made.addRotationSingleUser();
        return warnings(stack);
      },
      'This Secret rotates',
    ],
    [
      'that after a rotation nodes have to be started anew, which a deployment does not do',
      ownSecret((made) => made.addRotationSingleUser()),
      'started anew after every rotation (cdk-nocobase maintenance restart; a deployment without a change starts none)',
    ],
    ['of no backups', ownSecret(nothing, { backupRetention: Duration.days(0) }), 'database-without-backups'],
    ['of an instance without a database', ownSecret(nothing, { databaseName: undefined }), 'database-not-there'],
    [
      'of an instance with another database',
      ownSecret(nothing, { databaseName: 'crm' }),
      'with the database crm, and nodes look for one that is called nocobase',
    ],
    ['of nothing else', ownSecret(nothing), undefined],
  ])('%s', (_, warningsOf, expected) => {
    expect(warningsOf()).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)]);
  });

  test.each<[string, (made: rds.CfnDBInstance) => void]>([
    ['that it is given later', (made) => (made.dbName = 'nocobase')],
    ['that it is given by an override', (made) => made.addPropertyOverride('DBName', 'nocobase')],
    ['that comes with another instance', (made) => (made.sourceDbiResourceId = 'db-ABC')],
    ['that comes with a backup', (made) => (made.sourceDbInstanceAutomatedBackupsArn = 'arn')],
    ['that comes by an override', (made) => made.addPropertyOverride('SourceDbiResourceId', 'db-ABC')],
    ['whose name the deployment knows', (made) => (made.dbName = new CfnParameter(made, 'Name').valueAsString)],
    ['whose backups are kept in the end', (made) => made.addPropertyOverride('BackupRetentionPeriod', 7)],
  ])('of no database %s', (what, change) => {
    const props = what.includes('backups') ? { backupRetention: Duration.days(0) } : { databaseName: undefined };
    const { stack, source } = bind(instance({ databaseName: 'nocobase', ...props }));
    change(source.node.defaultChild as rds.CfnDBInstance);
    expect(warnings(stack)).toEqual([]);
  });

  test('of no database that a cluster gets with its source', () => {
    const { stack, source } = bind(aurora(AURORA_16));
    (source.node.defaultChild as rds.CfnDBCluster).sourceDbClusterResourceId = 'cluster-ABC';
    expect(warnings(stack)).toEqual([]);
  });

  test('of no backups that are switched off later', () => {
    const { stack, source } = bind(instance({ databaseName: 'nocobase' }));
    (source.node.defaultChild as rds.CfnDBInstance).backupRetentionPeriod = 0;
    expect(warnings(stack)).toEqual([expect.stringContaining('database-without-backups')]);
  });

  test('of no database that is named, or comes from elsewhere', () => {
    expect(warnings(bind(instance(), { databaseName: 'crm' }).stack)).toEqual([]);
    const restored = (stack: Stack, vpc: ec2.IVpc) =>
      new rds.DatabaseInstanceFromSnapshot(stack, 'Crm', {
        snapshotIdentifier: 'crm',
        engine: rds.DatabaseInstanceEngine.postgres({ version: VER_17 }),
        vpc,
      });
    expect(warnings(bind(restored).stack)).toEqual([]);
  });
});

test('two clusters on one instance are seen to be in one place', () => {
  const { stack, vpc, context } = newPlace();
  const crm = instance()(stack, vpc);
  const options = { secret: named(stack, 'database') };
  const [one, other] = ['One', 'Other'].map((id) => {
    const scope = new ec2.SecurityGroup(stack, id, { vpc });
    return Database.fromInstance(crm, options).bind(scope, context).claims;
  });
  expect(one).toEqual(other);
});

test.each<[string, Parameters<typeof bind>, string]>([
  [
    'MySQL',
    [instance({}, rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.VER_8_0 }) as any)],
    '`database` Prod/Crm is mysql, and this cluster speaks to PostgreSQL.',
  ],
  ['an imported MySQL', [importedInstance(rds.DatabaseInstanceEngine.MYSQL)], 'Prod/Crm is mysql'],
  [
    'Aurora MySQL',
    [aurora(rds.DatabaseClusterEngine.auroraMysql({ version: rds.AuroraMysqlEngineVersion.VER_3_08_0 }))],
    'Prod/Aurora is aurora-mysql',
  ],
  [
    'PostgreSQL 9.6',
    [importedInstance(rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('9.6.1', '9.6') }))],
    'Prod/Crm is PostgreSQL 9, and NocoBase needs 10 or newer. Upgrade it first.',
  ],
  [
    'a read replica',
    [
      (stack: Stack, vpc: ec2.IVpc) =>
        new rds.DatabaseInstanceReadReplica(stack, 'Replica', {
          sourceDatabaseInstance: instance()(stack, vpc),
          instanceType: new ec2.InstanceType('m7g.large'),
          vpc,
        }),
    ],
    'Prod/Replica is a read replica, to which nobody can write. Give the instance that it is a replica of.',
  ],
  [
    'another authority with the usual root',
    [instance({ caCertificate: rds.CaCertificate.RDS_CA_ECC384_G1 })],
    '`database.ca` is the root of rds-ca-rsa2048-g1, and Prod/Crm has rds-ca-ecc384-g1.',
  ],
  [
    'the same of a member of Aurora',
    [
      aurora(
        AURORA_16,
        rds.ClusterInstance.provisioned('Writer', { caCertificate: rds.CaCertificate.RDS_CA_RSA4096_G1 }),
      ),
    ],
    'Prod/Aurora has rds-ca-rsa4096-g1.',
  ],
  [
    'the public roots',
    [importedInstance(), { ca: DatabaseCa.wellKnown() }],
    "`database.ca` are the public authorities, and the certificate of Prod/Crm is of RDS's own.",
  ],
  ...[DatabaseCa.rds(), DatabaseCa.wellKnown()].map((ca): [string, Parameters<typeof bind>, string] => [
    'an RDS Proxy',
    [importedInstance(undefined, 'crm.proxy-abc123.eu-central-1.rds.amazonaws.com'), { ca }],
    '`database` Prod/Crm has the endpoint of an RDS Proxy, and is no instance. Give it by its address: Database.existing({ host, ca: DatabaseCa.wellKnown(), secret }).',
  ]),
])('%s is refused', (_, [make, options], message) => {
  expect(() => bind(make, options)).toThrow(message);
});

test.each<[string, (stack: Stack, vpc: ec2.IVpc) => Database, string]>([
  [
    'an instance that is given as a cluster',
    (stack) => Database.fromCluster(importedInstance()(stack) as any, { secret: named(stack, 'database') }),
    '`database` is of another kind than was said, got: Prod/Crm. Give an instance of RDS to Database.fromInstance',
  ],
  [
    'a cluster that is given as an instance',
    (stack, vpc) => Database.fromInstance(aurora(AURORA_16)(stack, vpc) as any, { secret: named(stack, 'database') }),
    'got: Prod/Aurora.',
  ],
  [
    'a PostgresDatabase that is given as an instance',
    (stack, vpc) =>
      Database.fromInstance(new PostgresDatabase(stack, 'Own', { vpc }) as any, { secret: named(stack, 'database') }),
    'a PostgresDatabase is a `database` itself.',
  ],
  ['a name', () => Database.fromInstance('crm' as any, undefined as any), 'got: string.'],
  ['nothing', () => Database.fromInstance(undefined as any, undefined as any), '`database` is missing'],
  [
    'an instance without its options',
    (stack) => Database.fromInstance(importedInstance()(stack), undefined as any),
    '`database.secret` is missing',
  ],
])('%s is refused', (_, make, message) => {
  const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
  expect(() => make(stack, vpc).bind(stack, context)).toThrow(message);
});

test('Aurora Serverless v1 is verified by the public roots', () => {
  const serverless = (stack: Stack, vpc: ec2.IVpc) =>
    new rds.ServerlessCluster(stack, 'Aurora', { engine: AURORA_16, vpc }) as unknown as rds.IDatabaseCluster;
  expect(() => bind(serverless, { ca: DatabaseCa.wellKnown() })).not.toThrow();
});

test('another authority is taken with its root', () => {
  const { environment } = bind(instance({ caCertificate: rds.CaCertificate.RDS_CA_ECC384_G1 }), {
    ca: DatabaseCa.pem(PEM),
  });
  expect(environment.LAUNCHER_DATABASE_CA).toBe(PEM);
});

test('a PostgreSQL that is newer than the clients of the image is warned of', () => {
  const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('18.1', '18') });
  expect(warnings(bind(importedInstance(engine)).stack)).toEqual([
    expect.stringContaining('Prod/Crm is PostgreSQL 18, and the NocoBase image carries the clients of 16 and 17'),
  ]);
});
