import { App, Fn, Stack, Stage, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { only, render } from '../cluster-fixture';
import {
  ENV,
  importedVpc,
  lookedUpVpc,
  networkOf,
  newStack,
  ownNetwork,
  pendingList,
  pendingVpc,
  subnetIds,
  vpcOfPendingZones,
  warnings,
} from './network-fixture';

test('a VPC over two zones with public, private and isolated subnets, one NAT gateway, S3 without it', () => {
  const { network, template } = ownNetwork();
  const subnets = Object.values(template.findResources('AWS::EC2::Subnet')).map(
    (subnet) => subnet.Properties.Tags.find((tag: any) => tag.Key === 'aws-cdk:subnet-type').Value,
  );
  expect(subnets.sort()).toEqual(['Isolated', 'Isolated', 'Private', 'Private', 'Public', 'Public']);
  template.resourceCountIs('AWS::EC2::NatGateway', 1);
  const { properties } = only(template, 'AWS::EC2::VPCEndpoint');
  expect(properties).toMatchObject({ VpcEndpointType: 'Gateway' });
  expect(properties.PolicyDocument).toBeUndefined();
  expect(render(properties.ServiceName)).toMatch(/\.s3$/);
  expect(network).toMatchObject({ wayOut: 'there', endpoints: undefined, startAfter: [], entranceSubnets: undefined });
});

test('a NAT gateway for each zone by choice', () => {
  ownNetwork({ natGateways: 2 }).template.resourceCountIs('AWS::EC2::NatGateway', 2);
});

test('rejected connections are logged', () => {
  expect(only(ownNetwork().template, 'AWS::EC2::FlowLog').properties.TrafficType).toBe('REJECT');
});

test('nodes and data stores have subnets of their own', () => {
  const { network } = ownNetwork();
  const { vpc } = network;
  expect(subnetIds(vpc, network.nodeSubnets)).toEqual(vpc.privateSubnets.map(({ subnetId }) => subnetId));
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(vpc.isolatedSubnets.map(({ subnetId }) => subnetId));
});

test('a given VPC is used as it is', () => {
  const vpc = importedVpc({ public: ['a', 'b'], private: ['a', 'b'], isolated: ['a', 'b'] });
  const network = networkOf(vpc);
  expect(network.vpc).toBe(vpc);
  expect(network.wayOut).toBe('there');
  expect(subnetIds(vpc, network.nodeSubnets)).toEqual(['private-a', 'private-b']);
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(['isolated-a', 'isolated-b']);
  expect(Template.fromStack(Stack.of(vpc)).toJSON()).not.toHaveProperty('Resources');
});

test('of several subnets in a zone one is taken: a file system has one mount target there', () => {
  const vpc = new ec2.Vpc(newStack(), 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'MoreNodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      { name: 'MoreData', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
  });
  const network = networkOf(vpc);
  expect(subnetIds(vpc, network.nodeSubnets)).toHaveLength(2);
  expect(subnetIds(vpc, network.dataSubnets)).toHaveLength(2);
});

test('without isolated subnets data stores share those of the nodes', () => {
  const vpc = importedVpc({ public: ['a', 'b'], private: ['a', 'b'] });
  expect(subnetIds(vpc, networkOf(vpc).dataSubnets)).toEqual(['private-a', 'private-b']);
});

test('a VPC in one zone is refused', () => {
  expect(() => networkOf(importedVpc({ public: ['a'], private: ['a'], isolated: ['a'] }))).toThrow(
    '`vpc` has Private subnets in 1 availability zone only. A cluster needs them in at least two: make more, or select others by `subnets.nodes`.',
  );
});

test('a VPC in one zone whose name is a token is refused as well', () => {
  expect(() => networkOf(new ec2.Vpc(newStack(), 'Vpc', { maxAzs: 1 }))).toThrow('in 1 availability zone only');
});

test('a VPC of another region is refused', () => {
  const vpc = new ec2.Vpc(newStack({ env: { region: 'us-east-1' } }), 'Vpc');
  expect(() => networkOf(vpc, {}, newStack({ env: { region: 'eu-central-1' } }))).toThrow(
    '`vpc` is in region us-east-1, and the cluster in region eu-central-1.',
  );
});

test.each([
  ['eu-central-1', undefined, 'is in region eu-central-1, and the cluster in a stack for any region.'],
  [undefined, 'eu-central-1', 'is in a stack for any region, and the cluster in region eu-central-1.'],
])('a VPC that is made in a stack for %s is refused for a cluster in one for %s', (theirs, ours, message) => {
  const app = new App();
  const stackFor = (id: string, region?: string) => new Stack(app, id, { env: { region } });
  const vpc = new ec2.Vpc(stackFor('Theirs', theirs), 'Vpc');
  expect(() => networkOf(vpc, {}, stackFor('Ours', ours))).toThrow(
    `\`vpc\` ${message} Put both into the same region: give their stacks the same \`env\`.`,
  );
});

test('a VPC that is made in another stage is refused, one that is imported there is not', () => {
  const app = new App();
  const [theirs, ours] = ['Theirs', 'Ours'].map((id) => new Stack(new Stage(app, id), 'Stack'));
  expect(() => networkOf(new ec2.Vpc(theirs, 'Made'), {}, ours)).toThrow(
    '`vpc` is made in another stage, to which nothing here can refer: Theirs/Stack/Made.',
  );
  const vpc = importedVpc({ private: ['a', 'b'] }, theirs);
  expect(() => networkOf(vpc, {}, new Stack(ours.node.scope!, 'Another'))).not.toThrow();
});

test('a VPC that another account shares is taken', () => {
  const theirs = newStack({ env: { account: '444455556666', region: 'eu-central-1' } });
  const vpc = importedVpc({ public: ['a', 'b'], private: ['a', 'b'] }, theirs);
  const network = networkOf(vpc, {}, newStack({ env: { account: '111122223333', region: 'eu-central-1' } }));
  expect(network.wayOut).toBe('there');
});

test('what is wrong with the network of a given ECS cluster is said of that', () => {
  const vpcProp = 'ecsCluster.vpc';
  expect(() => networkOf(importedVpc({ private: ['a'] }), { vpcProp })).toThrow(
    '`ecsCluster.vpc` has Private subnets in 1 availability zone only.',
  );
  expect(() => networkOf(importedVpc({ public: ['a', 'b'] }), { vpcProp })).toThrow(
    '`ecsCluster.vpc` has no private subnets',
  );
});

test('a VPC with public subnets only is refused', () => {
  expect(() => networkOf(importedVpc({ public: ['a', 'b'] }))).toThrow(
    '`vpc` has no private subnets, where the nodes belong. Give it subnets of type PRIVATE_WITH_EGRESS (private, with a NAT gateway) in two availability zones, or name the subnets of the nodes: `subnets.nodes`.',
  );
});

test('NAT gateways for a given VPC make no sense', () => {
  for (const natGateways of [0, 1]) {
    expect(() => networkOf(importedVpc({ private: ['a', 'b'] }), { natGateways })).toThrow(
      `\`natGateways\` ${natGateways} has no meaning together with a \`vpc\``,
    );
  }
});

test.each([-1, 3, 1.5])('%d NAT gateways are refused', (natGateways) => {
  expect(() => ownNetwork({ natGateways })).toThrow(
    `\`natGateways\` must be 0, 1 or 2 (one for each availability zone), got: ${natGateways}.`,
  );
});

test('how many NAT gateways there are is known at synthesis', () => {
  expect(() => ownNetwork({ natGateways: Token.asNumber({ Ref: 'NatGateways' }) })).toThrow('`natGateways` is a token');
});

describe('a VPC that is looked up', () => {
  test('passes the synthesis in which it is not known yet, whatever is selected in it', () => {
    const vpc = ec2.Vpc.fromLookup(newStack({ env: ENV }), 'Vpc', { vpcId: 'vpc-1' });
    const network = networkOf(vpc, {
      subnets: { nodes: { subnetGroupName: 'App' }, data: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } },
    });
    expect(network.wayOut).toBe('there');
    expect(warnings(network)).toEqual([]);
  });

  test('in Parameter Store passes it as well', () => {
    expect(() => networkOf(pendingVpc())).not.toThrow();
  });

  test.each(['entrance', 'nodes', 'data'])('may have its subnets for %s in Parameter Store alone', (tier) => {
    const vpc = importedVpc({ public: ['a', 'b'], private: ['a', 'b'] }, newStack({ env: ENV }));
    const subnets = pendingList(vpc, tier).map((id) => ec2.Subnet.fromSubnetId(vpc, tier, id));
    expect(() => networkOf(vpc, { subnets: { [tier]: { subnets } } })).not.toThrow();
  });
});

describe('a VPC whose zones are looked up', () => {
  const availabilityZones = ['eu-central-1a', 'eu-central-1b'];

  test.each(['entrance', 'nodes', 'data'])('passes before they are known, with zones selected for %s', (tier) => {
    expect(() => networkOf(vpcOfPendingZones(), { subnets: { [tier]: { availabilityZones } } })).not.toThrow();
  });

  test('has its public subnets refused for nodes all the same', () => {
    const nodes = { subnetType: ec2.SubnetType.PUBLIC };
    expect(() => networkOf(vpcOfPendingZones(), { subnets: { nodes } })).toThrow('`subnets.nodes` has public subnets');
  });
});

describe('subnets of a kind in one zone only', () => {
  const firewall = { public: ['a', 'b', 'c'], private: ['a', 'b', 'c'], isolated: ['a'] };

  test('are not those of data, such as one of a firewall', () => {
    const vpc = lookedUpVpc(firewall);
    expect(subnetIds(vpc, networkOf(vpc).dataSubnets)).toEqual(['private-a', 'private-b', 'private-c']);
  });

  test('do not keep data from sharing the selected subnets of the nodes', () => {
    const vpc = lookedUpVpc(firewall);
    const network = networkOf(vpc, {
      subnets: { nodes: { availabilityZones: ['b', 'c'], subnetGroupName: 'private' } },
    });
    expect(subnetIds(vpc, network.dataSubnets)).toEqual(['private-b', 'private-c']);
  });

  test('are not those of the nodes, beside isolated ones in more', () => {
    const vpc = lookedUpVpc({ private: ['a'], isolated: ['a', 'b'] });
    const network = networkOf(vpc);
    expect(subnetIds(vpc, network.nodeSubnets)).toEqual(['isolated-a', 'isolated-b']);
    expect(network.wayOut).toBe('unknown');
  });

  test('are refused where there are no others, with the prop that selects others', () => {
    expect(() => networkOf(lookedUpVpc({ private: ['a'], isolated: ['b'] }))).toThrow(
      '`vpc` has Private subnets in 1 availability zone only. A cluster needs them in at least two: make more, or select others by `subnets.nodes`.',
    );
  });
});

describe('subnets that only the deployment knows', () => {
  const imported = (zones: string[], subnets: string[]) =>
    ec2.Vpc.fromVpcAttributes(newStack(), 'Vpc', {
      vpcId: Fn.importValue('vpc'),
      availabilityZones: zones,
      privateSubnetIds: subnets,
    });

  test('are taken as a list', () => {
    const list = (name: string) => Fn.split(',', Fn.importValue(name));
    const vpc = imported(list('zones'), list('subnets'));
    const network = networkOf(vpc);
    expect(network.wayOut).toBe('there');
    expect(subnetIds(vpc, network.nodeSubnets)).toHaveLength(1);
  });

  test('are counted when the length of the list is known', () => {
    const list = (name: string, length: number) => Fn.split(',', Fn.importValue(name), length);
    expect(() => networkOf(imported(list('zones', 2), list('subnets', 2)))).not.toThrow();
    expect(() => networkOf(imported(list('zones', 1), list('subnets', 1)))).toThrow('in 1 availability zone only');
  });
});
