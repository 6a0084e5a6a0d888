import { CfnParameter, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Database, DatabaseCa } from '../../lib';
import { named, newPlace } from '../part-fixture';

const { VER_17 } = rds.PostgresEngineVersion;
const aurora = (stack: Stack, vpc: ec2.IVpc) =>
  new rds.DatabaseCluster(stack, 'Aurora', {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
    writer: rds.ClusterInstance.serverlessV2('Writer'),
    vpc,
  });
const instance = (stack: Stack, vpc: ec2.IVpc) =>
  new rds.DatabaseInstance(stack, 'Crm', { engine: rds.DatabaseInstanceEngine.postgres({ version: VER_17 }), vpc });
const proxy = (stack: Stack, vpc: ec2.IVpc) => {
  const behind = instance(stack, vpc);
  return behind.addProxy('Proxy', { vpc, secrets: [behind.secret!] });
};
const readers = (stack: Stack, vpc: ec2.IVpc) =>
  new rds.CfnDBProxyEndpoint(stack, 'Readers', {
    dbProxyName: proxy(stack, vpc).dbProxyName,
    dbProxyEndpointName: 'readers',
    vpcSubnetIds: vpc.privateSubnets.map(({ subnetId }) => subnetId),
    targetRole: 'READ_ONLY',
  });

const serverless = (stack: Stack) =>
  new rds.CfnDBCluster(stack, 'Serverless', { engine: 'aurora-postgresql', engineMode: 'serverless' });

/** A database by its endpoint in this app, which is a token. */
const on = (hostOf: (stack: Stack, vpc: ec2.IVpc) => string, ca: DatabaseCa) => () => {
  const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
  const server = { host: hostOf(stack, vpc), ca, secret: named(stack, 'database') };
  return Database.existing(server).bind(stack, context);
};

test.each<[string, (stack: Stack, vpc: ec2.IVpc) => string, DatabaseCa, string]>([
  [
    'the readers of Aurora',
    (stack, vpc) => aurora(stack, vpc).clusterReadEndpoint.hostname,
    DatabaseCa.rds(),
    '`database.host` Prod/Aurora is the reader endpoint of an Aurora cluster, to which nobody can write.',
  ],
  [
    'the readers of a proxy',
    (stack, vpc) => readers(stack, vpc).attrEndpoint,
    DatabaseCa.wellKnown(),
    '`database.host` Prod/Readers is a read-only endpoint of an RDS Proxy, to which nobody can write.',
  ],
  [
    'the root of RDS for a proxy',
    (stack, vpc) => proxy(stack, vpc).endpoint,
    DatabaseCa.rds(),
    '`database.ca` is the root of RDS, and Prod/Crm/Proxy is an RDS Proxy, whose certificate is of a public authority.',
  ],
  [
    'public roots for an instance',
    (stack, vpc) => instance(stack, vpc).instanceEndpoint.hostname,
    DatabaseCa.wellKnown(),
    "`database.ca` are the public authorities, and the certificate of Prod/Crm is of RDS's own.",
  ],
  [
    'public roots for a cluster',
    (stack, vpc) => aurora(stack, vpc).clusterEndpoint.hostname,
    DatabaseCa.wellKnown(),
    'the certificate of Prod/Aurora is',
  ],
  [
    'a replica',
    (stack, vpc) =>
      new rds.DatabaseInstanceReadReplica(stack, 'Replica', {
        sourceDatabaseInstance: instance(stack, vpc),
        instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
        vpc,
      }).dbInstanceEndpointAddress,
    DatabaseCa.rds(),
    '`database.host` is that of Prod/Replica, which is made as a read replica (`sourceDbInstanceIdentifier`), to which nobody can write. Give that of the database which it is a replica of. If it has been promoted, take `sourceDbInstanceIdentifier` out of it.',
  ],
  [
    'a replica of a cluster',
    (stack) => new rds.CfnDBInstance(stack, 'Replica', { sourceDbClusterIdentifier: 'crm' }).attrEndpointAddress,
    DatabaseCa.rds(),
    'which is made as a read replica (`sourceDbClusterIdentifier`)',
  ],
  [
    'a cluster that is a replica',
    (stack) => new rds.CfnDBCluster(stack, 'Replica', { replicationSourceIdentifier: 'crm' }).attrEndpointAddress,
    DatabaseCa.rds(),
    'which is made as a read replica (`replicationSourceIdentifier`)',
  ],
  [
    'an instance of MySQL',
    (stack) => new rds.CfnDBInstance(stack, 'Crm', { engine: 'mysql' }).attrEndpointAddress,
    DatabaseCa.rds(),
    '`database.host` is that of Prod/Crm, which is mysql, and this cluster speaks to PostgreSQL.',
  ],
  [
    'a cluster of MySQL',
    (stack) => new rds.CfnDBCluster(stack, 'Crm', { engine: 'aurora-mysql' }).attrEndpointAddress,
    DatabaseCa.rds(),
    'which is aurora-mysql, and this cluster',
  ],
  [
    'a proxy of MySQL',
    (stack) =>
      new rds.CfnDBProxy(stack, 'Crm', { dbProxyName: 'crm', engineFamily: 'MYSQL', roleArn: 'arn', vpcSubnetIds: [] })
        .attrEndpoint,
    DatabaseCa.wellKnown(),
    'which is MYSQL, and this cluster',
  ],
])('%s is refused', (_, hostOf, ca, message) => {
  expect(on(hostOf, ca)).toThrow(message);
});

test.each<[string, (stack: Stack, vpc: ec2.IVpc) => string, DatabaseCa]>([
  ['the writer of Aurora', (stack, vpc) => aurora(stack, vpc).clusterEndpoint.hostname, DatabaseCa.rds()],
  ['an instance', (stack, vpc) => instance(stack, vpc).instanceEndpoint.hostname, DatabaseCa.rds()],
  ['a proxy', (stack, vpc) => proxy(stack, vpc).endpoint, DatabaseCa.wellKnown()],
  [
    'one that is restored to a point in time',
    (stack) =>
      new rds.CfnDBInstance(stack, 'Crm', { sourceDbInstanceIdentifier: 'crm', useLatestRestorableTime: true })
        .attrEndpointAddress,
    DatabaseCa.rds(),
  ],
  ['Aurora Serverless v1', (stack) => serverless(stack).attrEndpointAddress, DatabaseCa.wellKnown()],
  [
    'one whose engine is a token',
    (stack) =>
      new rds.CfnDBInstance(stack, 'Crm', { engine: new CfnParameter(stack, 'Engine').valueAsString })
        .attrEndpointAddress,
    DatabaseCa.rds(),
  ],
])('%s is taken with its authority', (_, hostOf, ca) => {
  expect(on(hostOf, ca)).not.toThrow();
});
