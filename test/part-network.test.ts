import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { ClusterPlugins, Database, EfsStorage, NocoBaseCluster, PostgresDatabase, Redis, ValkeyCache } from '../lib';
import { warnings } from './part-fixture';

const newStack = () => new Stack(new App(), 'Prod');
const plugins = ClusterPlugins.preinstalled();
const network = (stack: Stack, id = 'Vpc') => new ec2.Vpc(stack, id, { maxAzs: 2 });
const imported = (stack: Stack, vpcId: string, id = vpcId) =>
  ec2.Vpc.fromVpcAttributes(stack, id, {
    vpcId,
    availabilityZones: ['a', 'b'],
    privateSubnetIds: ['subnet-1', 'subnet-2'],
    publicSubnetIds: ['subnet-3', 'subnet-4'],
  });
const instance = (stack: Stack, vpc: ec2.IVpc) => {
  const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 });
  const made = new rds.DatabaseInstance(stack, 'Crm', { engine, vpc, databaseName: 'nocobase' });
  return Database.fromInstance(made, { secret: made.secret! });
};
const otherNetwork = (stack: Stack) => warnings(stack).filter((warning) => warning.includes('is in another VPC'));

test.each<[string, (stack: Stack, vpc: ec2.IVpc) => object]>([
  ['database', (stack, vpc) => ({ database: new PostgresDatabase(stack, 'Database', { vpc }) })],
  ['storage', (stack, vpc) => ({ storage: new EfsStorage(stack, 'Storage', { vpc }) })],
  ['database', (stack, vpc) => ({ database: instance(stack, vpc) })],
  ['redis', (stack, vpc) => ({ redis: Redis.perFunction({ lock: new ValkeyCache(stack, 'Lock', { vpc }) }) })],
])('%s of a network is refused by a cluster that makes its own', (prop, part) => {
  const stack = newStack();
  const given = part(stack, network(stack));
  expect(() => new NocoBaseCluster(stack, 'NocoBase', { plugins, ...given })).toThrow(
    `[Prod/NocoBase]: \`${prop}\` is in another network than the nodes, for which the cluster makes a \`vpc\` of its own`,
  );
});

test.each<[string, (stack: Stack) => ec2.IVpc[]]>([
  ['that are made here', (stack) => [network(stack, 'One'), network(stack, 'Other')]],
  ['that are known by their ids', (stack) => [imported(stack, 'vpc-1'), imported(stack, 'vpc-2')]],
])('between two networks %s there is a warning: they may be peered', (_, networks) => {
  const stack = newStack();
  const [vpc, other] = networks(stack);
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins, storage: new EfsStorage(stack, 'Storage', { vpc: other }) });
  expect(otherNetwork(stack)).toEqual([
    expect.stringContaining('`storage` is in another VPC than the nodes (its security group is Prod/Storage/'),
  ]);
});

test.each<[string, (stack: Stack) => ec2.IVpc[]]>([
  ['one network', (stack) => Array(2).fill(network(stack))],
  ['one that was imported twice', (stack) => [imported(stack, 'vpc-1', 'One'), imported(stack, 'vpc-1', 'Other')]],
  [
    'one that is named by two of its attributes',
    (stack) => {
      const made = new ec2.CfnVPC(stack, 'Made', { cidrBlock: '10.0.0.0/16' });
      return [imported(stack, made.ref, 'One'), imported(stack, made.attrVpcId, 'Other')];
    },
  ],
  ['one that is made here and an id, which may be its', (stack) => [network(stack), imported(stack, 'vpc-1')]],
  ['one that is not looked up yet', (stack) => [imported(stack, 'vpc-12345'), imported(stack, 'vpc-2')]],
])('of %s nothing is said', (_, networks) => {
  const stack = newStack();
  const [vpc, other] = networks(stack);
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins, storage: new EfsStorage(stack, 'Storage', { vpc: other }) });
  expect(otherNetwork(stack)).toEqual([]);
});
