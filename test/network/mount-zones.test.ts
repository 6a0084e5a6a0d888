import { Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ClusterPlugins, EfsStorage, NocoBaseCluster, type NocoBaseClusterProps, SharedStorage } from '../../lib';
import { only } from '../cluster-fixture';
import { ENV, importedVpc, newStack, pendingList, vpcOfPendingZones } from './network-fixture';

/** A VPC of somebody with subnets of their own for data, in fewer zones than the nodes'. */
function vpcOf(stack: Stack, isolated: string[] = ['b', 'c']): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['a', 'b', 'c'],
    publicSubnetIds: ['public-a', 'public-b', 'public-c'],
    privateSubnetIds: ['private-a', 'private-b', 'private-c'],
    isolatedSubnetIds: isolated.length === 3 ? isolated.map((zone) => `isolated-${zone}`) : undefined,
  });
}

function nodesAndMounts(make: (stack: Stack, vpc: ec2.IVpc) => Partial<NocoBaseClusterProps>, isolated?: string[]) {
  const stack = newStack();
  const vpc = vpcOf(stack, isolated);
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled(), ...make(stack, vpc) });
  const template = Template.fromStack(stack);
  const mounts = Object.values(template.findResources('AWS::EFS::MountTarget'));
  return {
    nodes: only(template, 'AWS::ECS::Service').properties.NetworkConfiguration.AwsvpcConfiguration.Subnets,
    mounts: mounts.map(({ Properties }) => Properties.SubnetId),
  };
}

const zones = (...availabilityZones: string[]): ec2.SubnetSelection => ({ availabilityZones });

test('nodes are in zones in which the storage can be mounted', () => {
  const { nodes, mounts } = nodesAndMounts(() => ({ subnets: { data: zones('b', 'c') } }));
  expect(mounts).toEqual(['private-b', 'private-c']);
  expect(nodes).toEqual(['private-b', 'private-c']);
});

test('nodes are in all zones where the storage is', () => {
  expect(nodesAndMounts(() => ({}), ['a', 'b', 'c'])).toEqual({
    nodes: ['private-a', 'private-b', 'private-c'],
    mounts: ['isolated-a', 'isolated-b', 'isolated-c'],
  });
});

test('mount targets of a file system that is made elsewhere in the app are looked at as well', () => {
  const own = nodesAndMounts((stack, vpc) => ({
    storage: new EfsStorage(stack, 'Storage', { vpc, vpcSubnets: zones('a', 'c') }),
  }));
  expect(own.nodes).toEqual(['private-a', 'private-c']);
  const existing = nodesAndMounts((stack, vpc) => ({
    storage: SharedStorage.existing({
      fileSystem: new efs.FileSystem(stack, 'Files', { vpc, vpcSubnets: zones('a', 'b'), encrypted: true }),
      path: '/nocobase',
    }),
  }));
  expect(existing.nodes).toEqual(['private-a', 'private-b']);
});

test('also those that are made beside it', () => {
  const { nodes } = nodesAndMounts((stack, vpc) => {
    const fileSystem = new efs.FileSystem(stack, 'Files', { vpc, vpcSubnets: zones('a'), encrypted: true });
    const { fileSystemId, connections } = fileSystem;
    new efs.CfnMountTarget(stack, 'Beside', {
      fileSystemId,
      subnetId: vpc.privateSubnets[2].subnetId,
      securityGroups: connections.securityGroups.map(({ securityGroupId }) => securityGroupId),
    });
    return { storage: SharedStorage.existing({ fileSystem, path: '/nocobase' }) };
  });
  expect(nodes).toEqual(['private-a', 'private-c']);
});

test('of one that was imported nothing is known', () => {
  const { nodes } = nodesAndMounts((stack) => ({
    storage: SharedStorage.existing({
      fileSystem: efs.FileSystem.fromFileSystemAttributes(stack, 'Files', {
        fileSystemId: 'fs-1',
        securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1'),
      }),
      path: '/nocobase',
    }),
  }));
  expect(nodes).toHaveLength(3);
});

test('subnets of the nodes that were chosen where the storage is not are refused', () => {
  expect(() => nodesAndMounts(() => ({ subnets: { nodes: zones('a', 'b'), data: zones('b', 'c') } }))).toThrow(
    '`subnets.nodes` puts nodes into availability zones in which Prod/NocoBase/Data/Storage/FileSystem has no mount target, so that they could not start there. Select subnets of the nodes in zones that it has one in',
  );
});

test('nodes that could be mounted in one zone only are refused', () => {
  const stack = newStack();
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['a', 'b'],
    privateSubnetIds: ['private-a', 'private-b'],
  });
  const data = {
    subnets: ['b', 'c'].map((availabilityZone) =>
      ec2.Subnet.fromSubnetAttributes(stack, `Data${availabilityZone}`, {
        subnetId: `data-${availabilityZone}`,
        availabilityZone,
      }),
    ),
  };
  expect(
    () => new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled(), subnets: { data } }),
  ).toThrow('`subnets` puts nodes into availability zones in which');
});

test('zones of one VPC are told from each other although they are tokens', () => {
  const stack = newStack();
  const list = Fn.split(',', Fn.importValue('zones'), 3);
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: list,
    publicSubnetIds: ['public-a', 'public-b', 'public-c'],
    privateSubnetIds: ['private-a', 'private-b', 'private-c'],
  });
  const data = zones(...list.slice(1));
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled(), subnets: { data } });
  const { properties } = only(Template.fromStack(stack), 'AWS::ECS::Service');
  expect(properties.NetworkConfiguration.AwsvpcConfiguration.Subnets).toEqual(['private-b', 'private-c']);
});

describe('zones that cannot be compared', () => {
  const LITERAL = ['eu-central-1a', 'eu-central-1b'];

  /** A cluster with subnets of other constructs, each in a zone. */
  const selecting = (
    vpc: ec2.IVpc,
    tier: 'nodes' | 'data',
    availabilityZones: string[],
    ids = ['subnet-1', 'subnet-2'],
  ) => {
    const stack = Stack.of(vpc);
    const subnets = ids.map((subnetId, i) =>
      ec2.Subnet.fromSubnetAttributes(stack, `Subnet${i}`, { subnetId, availabilityZone: availabilityZones[i] }),
    );
    new NocoBaseCluster(stack, 'NocoBase', {
      vpc,
      plugins: ClusterPlugins.preinstalled(),
      subnets: { [tier]: { subnets } },
    });
    return expect(only(Template.fromStack(stack), 'AWS::ECS::Service').properties.NetworkConfiguration);
  };
  const agnosticVpc = () => new ec2.Vpc(newStack(), 'Vpc', { maxAzs: 2 });

  test.each([
    ['of an import', [0, 1].map((i) => Fn.select(i, Fn.getAzs()))],
    ['by name, in a stack for any region', LITERAL],
  ])('are taken for the nodes: those %s', (_, zonesOfNodes) => {
    selecting(agnosticVpc(), 'nodes', zonesOfNodes).toBeDefined();
  });

  test('are taken for the nodes: those beside data in zones from Parameter Store', () => {
    const stack = newStack();
    const vpc = importedVpc({ private: LITERAL, public: LITERAL }, stack);
    const [a, b] = ['a', 'b'].map((zone) => StringParameter.valueForStringParameter(stack, `/zones/${zone}`));
    selecting(vpc, 'data', [a, b]).toBeDefined();
  });

  test('are taken for the nodes before they are looked up', () => {
    selecting(vpcOfPendingZones(), 'nodes', LITERAL).toBeDefined();
  });

  test('are taken for data of which the ids are not looked up', () => {
    const vpc = importedVpc({ private: LITERAL, public: LITERAL }, newStack({ env: ENV }));
    selecting(vpc, 'data', LITERAL, pendingList(vpc, 'data')).toBeDefined();
  });
});
