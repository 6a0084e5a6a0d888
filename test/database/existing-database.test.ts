import { CfnParameter, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { Database, DatabaseCa, type DatabaseServer } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { secrets, synthesize } from '../cluster-fixture';
import { named, newPlace, rendered, told, warnings } from '../part-fixture';

const PEM = RDS_ROOTS['us-east-1'];

/** A server of one's own, with what a test changes about it. */
function bind(props: Partial<DatabaseServer> | ((stack: Stack) => Partial<DatabaseServer>) = {}, region?: string) {
  const place = newPlace({ env: { region } });
  const given = typeof props === 'function' ? props(place.stack) : props;
  const server = { host: 'db.internal', ca: DatabaseCa.pem(PEM), secret: named(place.stack, 'database'), ...given };
  const binding = Database.existing(server).bind(place.stack, place.context);
  return { ...place, binding, environment: told(place.stack, binding.contribution) };
}

test('nodes are told where it is, and verify its certificate', () => {
  const { environment, stack } = bind({ host: '10.0.0.7', port: 6543, databaseName: 'crm' });
  expect(environment).toEqual({
    DB_DIALECT: 'postgres',
    DB_HOST: '10.0.0.7',
    DB_PORT: '6543',
    DB_DATABASE: 'crm',
    DB_DIALECT_OPTIONS_SSL_MODE: 'verify-full',
    DB_DIALECT_OPTIONS_SSL_CA: '/etc/nocobase/database-ca.pem',
    DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED: 'true',
    LAUNCHER_DATABASE_CA: PEM,
  });
  expect(Template.fromStack(stack).findResources('AWS::RDS::DBInstance')).toEqual({});
});

test('user and password are injected from its Secret, and are looked at before a deployment', () => {
  const { stack, binding } = bind();
  const arn = 'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:database';
  const arns = Object.entries(binding.contribution.secrets!).map(([name, { arn }]) => [name, arn]);
  expect(rendered(stack, Object.fromEntries(arns))).toEqual({
    DB_USER: `${arn}:username::`,
    DB_PASSWORD: `${arn}:password::`,
  });
  expect(Object.values(binding.credentials!).map(({ field }) => field)).toEqual(['username', 'password']);
});

test('tables are called as they are', () => {
  const { environment } = bind({ schema: 'crm', tablePrefix: 'nb_', underscored: true });
  expect(environment).toMatchObject({ DB_SCHEMA: 'crm', DB_TABLE_PREFIX: 'nb_', DB_UNDERSCORED: 'true' });
});

test('its place is the schema, by which nodes keep their locks, whatever the prefix', () => {
  const place = (props: Partial<DatabaseServer>) => bind(props).binding.claims!.tables;
  expect(place({})).toBe('PostgreSQL db.internal:5432, database nocobase, schema public');
  expect(place({ port: 5433, databaseName: 'crm', schema: 'a', tablePrefix: 'b_' })).toBe(
    'PostgreSQL db.internal:5433, database crm, schema a',
  );
});

test('past a pooler nodes hold their locks at the database itself', () => {
  expect(bind({ directHost: 'postgres.internal', port: 6432 }).environment).toMatchObject({
    DB_HOST: 'db.internal',
    DB_PORT: '6432',
    LAUNCHER_DATABASE_HOST: 'postgres.internal',
    LAUNCHER_DATABASE_PORT: '6432',
  });
  expect(bind({ directHost: 'postgres.internal', port: 6432, directPort: 5432 }).environment).toMatchObject({
    LAUNCHER_DATABASE_PORT: '5432',
  });
});

test('a pooler and the database may have different authorities', () => {
  const { environment } = bind(
    {
      ca: DatabaseCa.wellKnown(),
      directHost: 'db.abc123.eu-central-1.rds.amazonaws.com',
      directCa: DatabaseCa.rds(),
    },
    'eu-central-1',
  );
  expect(environment.LAUNCHER_DATABASE_CA).toBe(`well-known\n${RDS_ROOTS['eu-central-1']}`);
});

describe('nodes are let in', () => {
  const rules = (props: (stack: Stack) => Partial<DatabaseServer>) => {
    const place = newPlace();
    const given = props(place.stack);
    const database = Database.existing({
      host: 'db.internal',
      ca: DatabaseCa.pem(PEM),
      secret: named(place.stack, 'database'),
      ...given,
    });
    return database.bind(place.stack, place.context).connections;
  };

  test('to the security groups that are named', () => {
    const connections = rules((stack) => ({
      port: 6543,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
    }));
    expect(connections!.securityGroups.map(({ securityGroupId }) => securityGroupId)).toEqual(['sg-1']);
    expect(connections!.defaultPort!.toString()).toBe('6543');
  });

  test('nowhere by ourselves', () => {
    expect(rules(() => ({}))).toBeUndefined();
  });
});

test('everything but the authority may be known at the deployment only', () => {
  const { environment, binding } = bind((stack) => ({
    host: new CfnParameter(stack, 'Host').valueAsString,
    port: new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber,
    databaseName: new CfnParameter(stack, 'Name').valueAsString,
    schema: new CfnParameter(stack, 'Schema').valueAsString,
    directHost: new CfnParameter(stack, 'DirectHost').valueAsString,
    ca: DatabaseCa.pem(new CfnParameter(stack, 'Ca').valueAsString),
    securityGroups: [],
  }));
  expect(environment).toMatchObject({
    DB_HOST: '<Host>',
    DB_PORT: '<Port>',
    DB_DATABASE: '<Name>',
    DB_SCHEMA: '<Schema>',
    LAUNCHER_DATABASE_HOST: '<DirectHost>',
    LAUNCHER_DATABASE_PORT: '<Port>',
    LAUNCHER_DATABASE_CA: '<Ca>',
  });
  expect(binding.claims!.tables).not.toMatch(/e\+\d/);
});

test('one and the same place is one and the same text, also of a port that is not known yet', () => {
  const { stack, context } = newPlace();
  const port = new CfnParameter(stack, 'Port', { type: 'Number' }).valueAsNumber;
  const secret = named(stack, 'database');
  const [one, other] = ['One', 'Other'].map((id) =>
    Database.existing({ host: 'db', port, ca: DatabaseCa.pem(PEM), secret }).bind(new Construct(stack, id), context),
  );
  expect(one.claims).toEqual(other.claims);
});

test('a Secret that RDS rotates is warned of', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1234-a1b2c3';
  const { stack } = bind((of) => ({ secret: Secret.fromSecretCompleteArn(of, 'Managed', arn) }));
  expect(warnings(stack)).toEqual([expect.stringContaining('rotates it every seven days')]);
  expect(warnings(bind().stack)).toEqual([]);
});

test.each<[string, Partial<DatabaseServer>, string]>([
  [
    'a URL',
    { host: 'postgres://db' },
    "`database.host` must be the name or IPv4 address of a server, got: 'postgres://db'.",
  ],
  ['no port of a server', { port: 70000 }, '`database.port` must be a whole number between 1 and 65535, got: 70000.'],
  ['a name in quotes', { databaseName: '"crm"' }, '`database.databaseName` must be a name of at most 63'],
  ['a schema with a dot', { schema: 'a.b' }, '`database.schema` must be a name'],
  ['a prefix with a blank', { tablePrefix: 'n b' }, '`database.tablePrefix` must be a name'],
  ['the port of no pooler', { directPort: 5432 }, '`database.directPort` belongs to `database.directHost`'],
  [
    'the authority of no pooler',
    { directCa: DatabaseCa.rds() },
    '`database.directCa` belongs to `database.directHost`',
  ],
  ['a path for a certificate', { ca: DatabaseCa.pem('/etc/ca.pem') }, '`database.ca` is not one PEM certificate.'],
  [
    'the readers of Aurora',
    { host: 'crm.cluster-ro-abc123.eu-central-1.rds.amazonaws.com' },
    'is the reader endpoint of an Aurora cluster, to which nobody can write. Give the cluster endpoint',
  ],
  [
    'the root of RDS for a proxy',
    { host: 'crm.proxy-abc123.eu-central-1.rds.amazonaws.com', ca: DatabaseCa.rds() },
    'whose certificate is of a public authority. Use DatabaseCa.wellKnown().',
  ],
  [
    'public roots for RDS',
    { host: 'crm.abc123.eu-central-1.rds.amazonaws.com', ca: DatabaseCa.wellKnown() },
    "is of RDS's own. Use DatabaseCa.rds().",
  ],
  ['no host', { host: undefined }, '`database.host` is missing, and there is no default for it.'],
  ['no Secret', { secret: undefined }, '`database.secret` is missing'],
  [
    'the ARN of a Secret',
    { secret: 'arn' as any },
    "/Database]: `database.secret` must be a Secret of Secrets Manager, got: string. Where there is one already, import it: Secret.fromSecretCompleteArn(this, 'Secret', arn).",
  ],
  [
    'a security group that is not there',
    { securityGroups: [undefined as any] },
    '`database.securityGroups` must be security groups, and one of them is no group but: nothing.',
  ],
  [
    'one security group that is no list',
    { securityGroups: {} as any },
    '`database.securityGroups` must be a list, got: object. Import each with',
  ],
  [
    'the id of a security group',
    { securityGroups: ['sg-1' as any] },
    'and one of them is no group but: string. Import each with',
  ],
  ['no authority', { ca: undefined }, '`database.ca` must be made by one of the factories, got: nothing.'],
  ['a text for an authority', { ca: PEM as any }, 'got: string. Write DatabaseCa.rds(), DatabaseCa.wellKnown(), or'],
  [
    'a text for the authority behind a pooler',
    { directHost: 'db.internal', directCa: PEM as any },
    '`database.directCa` must be made by one of the factories',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => bind(props)).toThrow(message);
});

test('nothing at all is refused by what is missing', () => {
  const { stack, context } = newPlace();
  expect(() => Database.existing(undefined as any).bind(stack, context)).toThrow('`database.host` is missing');
});

test('a proxy of RDS is verified by the public roots', () => {
  const host = 'crm.endpoint.proxy-abc123.eu-central-1.rds.amazonaws.com';
  expect(bind({ host, ca: DatabaseCa.wellKnown() }).environment.LAUNCHER_DATABASE_CA).toBe('well-known');
});

test('a region without a root is refused with the way out of this part', () => {
  expect(() => bind({ ca: DatabaseCa.rds() }, 'il-central-1')).toThrow(
    /`database\.ca` is missing, and this library carries no RDS root for region il-central-1\. .*ca: DatabaseCa\.pem\(/,
  );
});

test('a cluster on it makes no database, and injects its user', () => {
  const { template } = synthesize({
    database: Database.existing({
      host: 'db.internal',
      ca: DatabaseCa.pem(PEM),
      secret: Secret.fromSecretNameV2(newPlace().stack, 'Database', 'database'),
    }),
  });
  template.resourceCountIs('AWS::RDS::DBInstance', 0);
  expect(Object.keys(secrets(template))).toEqual(expect.arrayContaining(['DB_USER', 'DB_PASSWORD']));
});
