import { Duration } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Database, DatabaseCa } from '../../lib';
import { newCluster, only, synthesize } from '../cluster-fixture';
import { named, newPlace, warnings } from '../part-fixture';

/** The output by which the commands find the database. */
function databaseOutput(template: Template): unknown {
  const [output] = Object.entries(template.findOutputs('*')).filter(([id]) => id.includes('DatabaseInstance'));
  return output?.[1].Value;
}

test('the instance that is made here is an output', () => {
  const { template } = synthesize();
  expect(databaseOutput(template)).toEqual({ Ref: only(template, 'AWS::RDS::DBInstance').id });
});

test('so is one that is there already', () => {
  const { stack } = newCluster({}, { env: { region: 'eu-central-1', account: '111122223333' } });
  const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Crm', {
    instanceIdentifier: 'crm',
    instanceEndpointAddress: 'crm.abc123.eu-central-1.rds.amazonaws.com',
    port: 5432,
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
  });
  const binding = Database.fromInstance(instance, { secret: named(stack, 'database') }).bind(
    stack,
    newPlace({ env: { region: 'eu-central-1' } }).context,
  );
  expect(binding.instance?.instanceIdentifier).toBe('crm');
});

test('a server by its address is none', () => {
  const database = (stack: Parameters<typeof named>[0]) =>
    Database.existing({ host: 'db.example.com', ca: DatabaseCa.wellKnown(), secret: named(stack, 'database') });
  const { stack, context } = newPlace();
  expect(database(stack).bind(stack, context).instance).toBeUndefined();
});

test('an Aurora cluster is none, and is warned of when it keeps no backups', () => {
  const { stack, vpc, context } = newPlace({ env: { region: 'eu-central-1' } });
  const cluster = new rds.DatabaseCluster(stack, 'Aurora', {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_4 }),
    writer: rds.ClusterInstance.serverlessV2('Writer'),
    vpc,
    defaultDatabaseName: 'nocobase',
    backup: { retention: Duration.days(1) },
  });
  (cluster.node.defaultChild as rds.CfnDBCluster).backupRetentionPeriod = 0;
  const binding = Database.fromCluster(cluster, { secret: named(stack, 'database') }).bind(stack, context);
  expect(binding.instance).toBeUndefined();
  expect(warnings(stack)).toEqual([expect.stringContaining('database-without-backups')]);
});
