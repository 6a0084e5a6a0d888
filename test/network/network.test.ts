import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { ClusterPlugins, NocoBaseCluster } from '../../lib';
import { newCluster, only, render, synthesize } from '../cluster-fixture';

test('a VPC over two zones with public, private and isolated subnets, one NAT gateway, S3 without it', () => {
  const { template } = synthesize();
  const subnets = Object.values(template.findResources('AWS::EC2::Subnet')).map(
    (subnet) => subnet.Properties.Tags.find((tag: any) => tag.Key === 'aws-cdk:subnet-type').Value,
  );
  expect(subnets.sort()).toEqual(['Isolated', 'Isolated', 'Private', 'Private', 'Public', 'Public']);
  template.resourceCountIs('AWS::EC2::NatGateway', 1);
  expect(only(template, 'AWS::EC2::VPCEndpoint').properties.VpcEndpointType).toBe('Gateway');
  expect(render(only(template, 'AWS::EC2::VPCEndpoint').properties.ServiceName)).toMatch(/\.s3$/);
});

test('a NAT gateway for each zone by choice', () => {
  synthesize({ natGateways: 2 }).template.resourceCountIs('AWS::EC2::NatGateway', 2);
});

test('rejected connections are logged', () => {
  expect(only(synthesize().template, 'AWS::EC2::FlowLog').properties.TrafficType).toBe('REJECT');
});

test('a given VPC is used as it is', () => {
  const { template, cluster: embedded } = synthesize({ vpc: given(['a', 'b']) });
  template.resourceCountIs('AWS::EC2::VPC', 0);
  expect(embedded.vpc.vpcId).toBe('vpc-1');
  expect(only(template, 'AWS::RDS::DBSubnetGroup').properties.SubnetIds).toEqual(['isolated-a', 'isolated-b']);
});

test('of several subnets in a zone one is taken: a file system has one mount target there', () => {
  const stack = new Stack();
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'MorePublic', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'MoreNodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      { name: 'MoreData', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
  });
  new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled() });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::EFS::MountTarget', 2);
  expect(only(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer').properties.Subnets).toHaveLength(2);
});

test('without isolated subnets data stores share those of the nodes', () => {
  const vpc = ec2.Vpc.fromVpcAttributes(new Stack(), 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['a', 'b'],
    publicSubnetIds: ['public-a', 'public-b'],
    privateSubnetIds: ['private-a', 'private-b'],
  });
  const { template } = synthesize({ vpc });
  expect(only(template, 'AWS::RDS::DBSubnetGroup').properties.SubnetIds).toEqual(['private-a', 'private-b']);
});

test('a VPC in one zone is refused', () => {
  expect(() => newCluster({ vpc: given(['a']) })).toThrow(
    '`vpc` has Private subnets in 1 availability zone only. A cluster needs them in at least two.',
  );
});

test('a VPC in one zone whose name is a token is refused as well', () => {
  const stack = new Stack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 1 });
  expect(() => new NocoBaseCluster(stack, 'NocoBase', { vpc, plugins: ClusterPlugins.preinstalled() })).toThrow(
    'in 1 availability zone only',
  );
});

test('a VPC of another region is refused', () => {
  const elsewhere = new Stack(undefined, 'Elsewhere', { env: { region: 'us-east-1' } });
  const vpc = new ec2.Vpc(elsewhere, 'Vpc');
  expect(() => newCluster({ vpc }, { env: { region: 'eu-central-1' } })).toThrow(
    '`vpc` is in region us-east-1, and the cluster in eu-central-1.',
  );
});

test('a VPC without a way out is refused', () => {
  const vpc = ec2.Vpc.fromVpcAttributes(new Stack(), 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['a', 'b'],
    isolatedSubnetIds: ['isolated-a', 'isolated-b'],
  });
  expect(() => newCluster({ vpc })).toThrow('`vpc` has no private subnets with a way out, where the nodes belong.');
});

test('NAT gateways for a given VPC make no sense', () => {
  expect(() => newCluster({ vpc: given(['a', 'b']), natGateways: 1 })).toThrow(
    '`natGateways` 1 has no meaning together with a `vpc`',
  );
});

test.each([0, 3, 1.5])('%d NAT gateways are refused', (natGateways) => {
  expect(() => newCluster({ natGateways })).toThrow(
    `\`natGateways\` must be 1 or 2 (one for each availability zone), got: ${natGateways}.`,
  );
});

function given(zones: string[]): ec2.IVpc {
  const subnets = (tier: string) => zones.map((zone) => `${tier}-${zone}`);
  return ec2.Vpc.fromVpcAttributes(new Stack(), 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: zones,
    publicSubnetIds: subnets('public'),
    privateSubnetIds: subnets('private'),
    isolatedSubnetIds: subnets('isolated'),
  });
}
