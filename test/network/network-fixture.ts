import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { Network, type NetworkProps } from '../../lib/network/network';
import { NodeEndpoints, type NodeEndpointsProps } from '../../lib/network/node-endpoints';

/** CDK looks up nothing without it. */
export const ENV = { account: '111122223333', region: 'eu-central-1' };

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

/** A VPC that was looked up, with subnets of each kind in the zones given for it: kinds may have fewer than others. */
export function lookedUpVpc(zones: { public?: string[]; private?: string[]; isolated?: string[] }): ec2.IVpc {
  const subnetGroups = Object.entries(zones).map(([kind, of]) => ({
    name: kind,
    type: kind[0].toUpperCase() + kind.slice(1),
    subnets: of.map((zone) => ({
      subnetId: `${kind}-${zone}`,
      availabilityZone: zone,
      routeTableId: `rtb-${kind}-${zone}`,
    })),
  }));
  const key = `vpc-provider:account=${ENV.account}:filter.vpc-id=vpc-1:region=${ENV.region}:returnAsymmetricSubnets=true`;
  const context = { [key]: { vpcId: 'vpc-1', availabilityZones: [], subnetGroups } };
  const stack = new Stack(new App({ context }), 'Prod', { env: ENV });
  return ec2.Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-1' });
}

/** A list of Parameter Store as it is before the look-up is answered: one text. */
export function pendingList(scope: Construct, name: string): string[] {
  return StringParameter.valueFromLookup(scope, `/network/${name}`).split(',');
}

/** A VPC of which the look-ups in Parameter Store are not answered yet. */
export function pendingVpc(scope: Construct = newStack({ env: ENV })): ec2.IVpc {
  return ec2.Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: pendingList(scope, 'vpc')[0],
    availabilityZones: pendingList(scope, 'zones'),
    publicSubnetIds: pendingList(scope, 'public'),
    privateSubnetIds: pendingList(scope, 'private'),
  });
}

/** A VPC of the app in a stack whose zones are not looked up yet. */
export function vpcOfPendingZones(): ec2.Vpc {
  return new ec2.Vpc(newStack({ env: ENV }), 'Vpc', {
    maxAzs: 3,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
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
