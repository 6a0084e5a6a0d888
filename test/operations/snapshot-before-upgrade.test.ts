import { ClusterPlugins, Database, NocoBaseImage } from '../../lib';
import { SNAPSHOT_HANDLER } from '../../lib/operations/snapshot-handler';
import { only, synthesize } from '../cluster-fixture';

const TYPE = 'Custom::NocoBaseSnapshot';
const database = Database.postgres({ snapshotBeforeUpgrade: true });

const of = (version: string, environment: { [name: string]: string } = {}) =>
  synthesize({ database, image: NocoBaseImage.version(version), environment }).template;

test('nobody gets a snapshot who has not asked for it', () => {
  expect(synthesize().template.findResources(TYPE)).toEqual({});
});

test('nodes wait for it, and it waits for the checks', () => {
  const template = of('2.2.15');
  const snapshot = only(template, TYPE);
  expect(only(template, 'AWS::ECS::Service').resource.DependsOn).toContain(snapshot.id);
  expect(snapshot.resource.DependsOn).toContain(only(template, 'Custom::NocoBasePreflight').id);
});

test('another version is another resource, and another setting is not', () => {
  const { id } = only(of('2.2.15'), TYPE);
  expect(only(of('2.2.14'), TYPE).id).not.toBe(id);
  expect(only(of('2.2.15', { LOGGER_LEVEL: 'debug' }), TYPE).id).toBe(id);
});

test('other plug-ins are another version', () => {
  const pending = synthesize({ database, plugins: ClusterPlugins.pending() }).template;
  expect(only(pending, TYPE).id).not.toBe(only(synthesize({ database }).template, TYPE).id);
});

test('it knows the service by its name', () => {
  const template = of('2.2.15');
  expect(only(template, TYPE).properties).toMatchObject({
    Service: only(template, 'AWS::ECS::Service').id,
    Instance: { Ref: only(template, 'AWS::RDS::DBInstance').id },
    Generation: expect.stringContaining('2.2.15 licensed'),
  });
});

test('it may take snapshots of this database under names of its own, and ask for its own stack', () => {
  const template = of('2.2.15');
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const [, policy] = policies.find(([id]) => id.includes('SnapshotBeforeUpgradeRole'))!;
  const instance = only(template, 'AWS::RDS::DBInstance').id;
  const statements = policy.Properties.PolicyDocument.Statement;
  expect(statements.map(({ Action }: { Action: unknown }) => Action)).toEqual([
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ['rds:CreateDBSnapshot', 'rds:DescribeDBSnapshots', 'rds:AddTagsToResource'],
    'cloudformation:DescribeStackResource',
  ]);
  const { Names } = only(template, TYPE).properties;
  expect(JSON.stringify(statements[1].Resource)).toContain(`:snapshot:${Names}-*`);
  expect(JSON.stringify(statements[1].Resource)).toContain(instance);
  expect(statements[2].Resource).toEqual({ Ref: 'AWS::StackId' });
});

test('its code is as large as CloudFormation takes it, and is JavaScript', () => {
  expect(SNAPSHOT_HANDLER.length).toBeLessThanOrEqual(4096);
  expect(() => new Function(SNAPSHOT_HANDLER)).not.toThrow();
});
