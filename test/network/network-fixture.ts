import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { Network, type NetworkProps } from '../../lib/network/network';
import { NodeEndpoints, type NodeEndpointsProps } from '../../lib/network/node-endpoints';

export function newStack(props: StackProps = {}): Stack {
  return new Stack(new App(), 'Prod', props);
}

/** A network with a VPC of its own, synthesized. */
export function ownNetwork(props: NetworkProps = {}) {
  const network = new Network(newStack(), 'Network', props);
  return { network, template: Template.fromStack(Stack.of(network)) };
}

/** The network that a cluster makes of a VPC which is there. */
export function networkOf(vpc: ec2.IVpc, props: NetworkProps = {}, stack = Stack.of(vpc)): Network {
  return new Network(stack, 'Network', { vpc, ...props });
}

/** A VPC that was imported, with subnets of each kind in the zones given for it. */
export function importedVpc(
  zones: { public?: string[]; private?: string[]; isolated?: string[] },
  scope: Construct = newStack(),
): ec2.IVpc {
  const idsOf = (kind: keyof typeof zones) => zones[kind]?.map((zone) => `${kind}-${zone}`);
  return ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: zones.private ?? zones.isolated ?? zones.public ?? ['a', 'b'],
    publicSubnetIds: idsOf('public'),
    privateSubnetIds: idsOf('private'),
    isolatedSubnetIds: idsOf('isolated'),
  });
}

/** A VPC of the app whose nodes have no way out that could be seen. */
export function isolatedVpc(scope: Construct = newStack(), props: ec2.VpcProps = {}): ec2.Vpc {
  return new ec2.Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'App', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      { name: 'Storage', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
    ...props,
  });
}

export function subnetIds(vpc: ec2.IVpc, selection: ec2.SubnetSelection | undefined): string[] {
  return vpc.selectSubnets(selection).subnetIds;
}

/** Warnings in a tree, with the ids by which they are acknowledged. */
export function warnings(scope: Construct): string[] {
  const all = scope.node.findAll();
  // Some warn of what is only there in the end.
  for (const { node } of all) node.validate();
  return all
    .flatMap(({ node }) => node.metadata)
    .filter(({ type, data }) => type === 'aws:cdk:warning' && String(data).includes('cdk-nocobase:'))
    .map(({ data }) => data);
}

/** Endpoints in a VPC, with what they are in the template. */
export function synthesizeEndpoints(vpc: ec2.IVpc, props: Partial<NodeEndpointsProps> = {}) {
  const stack = Stack.of(vpc);
  const endpoints = new NodeEndpoints(stack, 'Endpoints', { vpc, ...props });
  const template = Template.fromStack(stack);
  const all = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(({ Properties }) => Properties);
  const ofType = (type: string) => all.filter(({ VpcEndpointType }) => VpcEndpointType === type);
  return { endpoints, template, interfaces: ofType('Interface'), gateways: ofType('Gateway') };
}
