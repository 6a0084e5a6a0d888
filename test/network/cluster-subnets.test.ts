import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { importedVpc, isolatedVpc, networkOf, newStack, ownNetwork, subnetIds } from './network-fixture';

const ALL = { public: ['a', 'b'], private: ['a', 'b'], isolated: ['a', 'b'] };

function vpcOfGroups(): ec2.Vpc {
  return new ec2.Vpc(newStack(), 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: [
      { name: 'Edge', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Other', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'App', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Archive', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      { name: 'Storage', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
  });
}

function idsOfGroup(vpc: ec2.IVpc, subnetGroupName: string): string[] {
  return subnetIds(vpc, { subnetGroupName });
}

/** Subnets that were imported by themselves. */
function subnetsOf(vpc: ec2.IVpc, zones: { [subnetId: string]: string | undefined }): ec2.SubnetSelection {
  return {
    subnets: Object.entries(zones).map(([subnetId, availabilityZone]) =>
      ec2.Subnet.fromSubnetAttributes(vpc, subnetId, { subnetId, availabilityZone }),
    ),
  };
}

test('each tier has the subnets that are selected for it', () => {
  const vpc = vpcOfGroups();
  const network = networkOf(vpc, {
    subnets: {
      entrance: { subnetGroupName: 'Edge' },
      nodes: { subnetGroupName: 'App' },
      data: { subnetGroupName: 'Storage' },
    },
  });
  expect(subnetIds(vpc, network.entranceSubnets)).toEqual(idsOfGroup(vpc, 'Edge'));
  expect(subnetIds(vpc, network.nodeSubnets)).toEqual(idsOfGroup(vpc, 'App'));
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(idsOfGroup(vpc, 'Storage'));
  expect(network.wayOut).toBe('there');
});

test('a tier that is not selected has its usual subnets', () => {
  const vpc = vpcOfGroups();
  const network = networkOf(vpc, { subnets: { nodes: { subnetGroupName: 'App' } } });
  expect(network.entranceSubnets).toBeUndefined();
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(idsOfGroup(vpc, 'Archive'));
});

test('data stores share the selected subnets of the nodes where the VPC has no isolated ones', () => {
  const vpc = importedVpc({ private: ['a', 'b', 'c'] });
  const network = networkOf(vpc, { subnets: { nodes: { availabilityZones: ['b', 'c'] } } });
  expect(subnetIds(vpc, network.nodeSubnets)).toEqual(['private-b', 'private-c']);
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(['private-b', 'private-c']);
});

test('subnets can be given one by one, also to a VPC that was imported without any', () => {
  const vpc = importedVpc({});
  const nodes = subnetsOf(vpc, { 'subnet-1': 'a', 'subnet-2': 'b' });
  const network = networkOf(vpc, { subnets: { nodes } });
  expect(subnetIds(vpc, network.nodeSubnets)).toEqual(['subnet-1', 'subnet-2']);
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(['subnet-1', 'subnet-2']);
});

test('whether subnets that were given one by one have a way out is known if they are of the VPC', () => {
  const vpc = importedVpc({ private: ['a', 'b'] });
  const { wayOut } = networkOf(vpc, { subnets: { nodes: subnetsOf(vpc, { 'private-a': 'a', 'private-b': 'b' }) } });
  expect(wayOut).toBe('there');
  const other = importedVpc({ private: ['a', 'b'] });
  expect(networkOf(other, { subnets: { nodes: subnetsOf(other, { 'subnet-1': 'a', 'subnet-2': 'b' }) } }).wayOut).toBe(
    'unknown',
  );
});

test('subnets without a known zone are taken to be in several', () => {
  const vpc = importedVpc({});
  const nodes = subnetsOf(vpc, { 'subnet-1': undefined, 'subnet-2': undefined });
  expect(() => networkOf(vpc, { subnets: { nodes } })).not.toThrow();
});

test('subnets whose ids are tokens are selected like others', () => {
  const vpc = importedVpc({});
  const ids = ['First', 'Second'].map((name) => Token.asString({ Ref: name }));
  const data = {
    subnets: ids.map((subnetId, index) =>
      ec2.Subnet.fromSubnetAttributes(vpc, `Subnet${index}`, { subnetId, availabilityZone: `zone-${index}` }),
    ),
  };
  const network = networkOf(vpc, { subnets: { nodes: data, data } });
  expect(subnetIds(vpc, network.dataSubnets)).toEqual(ids);
});

test.each([
  ['a list', []],
  ['string', 'subnet-1'],
])('subnets that are %s say nothing of what they are for', (given, subnets) => {
  for (const network of [
    () => ownNetwork({ subnets: subnets as any }),
    () => networkOf(importedVpc(ALL), { subnets: subnets as any }),
  ]) {
    expect(network).toThrow(
      `[Prod/Network]: \`subnets\` must say what the subnets are for, got: ${given}. Write e.g. { nodes:`,
    );
  }
});

test.each(['entrance', 'nodes', 'data'])('subnets.%s in one zone are refused', (tier) => {
  const vpc = importedVpc({ ...ALL, private: ['a', 'b'] });
  expect(() => networkOf(vpc, { subnets: { [tier]: { availabilityZones: ['b'] } } })).toThrow(
    `\`subnets.${tier}\` has subnets in 1 availability zone only. A cluster needs them in at least two.`,
  );
});

test.each(['entrance', 'data'])('subnets.%s has one subnet in a zone', (tier) => {
  const vpc = importedVpc(ALL);
  const several = subnetsOf(vpc, { 'subnet-1': 'a', 'subnet-2': 'a', 'subnet-3': 'b' });
  expect(() => networkOf(vpc, { subnets: { [tier]: several } })).toThrow(
    `\`subnets.${tier}\` has several subnets in one availability zone. Name one in each zone.`,
  );
});

test('nodes can have several subnets in a zone', () => {
  const vpc = importedVpc(ALL);
  const nodes = subnetsOf(vpc, { 'subnet-1': 'a', 'subnet-2': 'a', 'subnet-3': 'b' });
  expect(subnetIds(vpc, networkOf(vpc, { subnets: { nodes } }).nodeSubnets)).toHaveLength(3);
});

test('data stores cannot share several subnets in a zone', () => {
  const vpc = importedVpc({});
  const nodes = subnetsOf(vpc, { 'subnet-1': 'a', 'subnet-2': 'a', 'subnet-3': 'b' });
  expect(() => networkOf(vpc, { subnets: { nodes } })).toThrow(
    '`subnets.data` has several subnets in one availability zone.',
  );
});

test('nodes and data are not in public subnets, the entrance may be', () => {
  const selection = { subnetType: ec2.SubnetType.PUBLIC };
  expect(() => networkOf(importedVpc(ALL), { subnets: { nodes: selection } })).toThrow(
    '`subnets.nodes` has public subnets, where nodes, which get no address on the internet, have no way out. Select private ones.',
  );
  expect(() => networkOf(importedVpc(ALL), { subnets: { data: selection } })).toThrow(
    '`subnets.data` has public subnets, where nothing belongs that holds data. Select private ones.',
  );
  expect(() => networkOf(importedVpc(ALL), { subnets: { entrance: selection } })).not.toThrow();
});

test('a public subnet is one also when it was imported once more', () => {
  const vpc = importedVpc(ALL);
  const data = subnetsOf(vpc, { 'public-a': 'a', 'private-b': 'b' });
  expect(() => networkOf(vpc, { subnets: { data } })).toThrow('`subnets.data` has public subnets');
});

test('a selection that does not fit the VPC is an error of the prop', () => {
  expect(() => networkOf(isolatedVpc(), { subnets: { data: { subnetGroupName: 'Database' } } })).toThrow(
    /\[Prod\/Network\]: `subnets.data` selects nothing in the VPC: There are no subnet groups with name 'Database' in this VPC. Available names: Public,App,Storage/,
  );
  expect(() =>
    networkOf(isolatedVpc(), {
      subnets: { nodes: { subnetGroupName: 'App', subnetType: ec2.SubnetType.PRIVATE_ISOLATED } },
    }),
  ).toThrow('`subnets.nodes` selects nothing in the VPC: Only one of');
});

test('filters of the caller stay as they are', () => {
  const subnetFilters = [ec2.SubnetFilter.availabilityZones(['a', 'b'])];
  networkOf(importedVpc(ALL), { subnets: { nodes: { subnetFilters }, data: { subnetFilters } } });
  expect(subnetFilters).toHaveLength(1);
});

test('subnets of a VPC that is made here are not for the user to select', () => {
  expect(() => ownNetwork({ subnets: { data: { subnetGroupName: 'Data' } } })).toThrow(
    '`subnets` have no meaning without a `vpc` of your own',
  );
  expect(() => ownNetwork({ subnets: {} })).not.toThrow();
});
