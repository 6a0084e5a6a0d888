import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { NodeEndpoints } from '../../lib/network/node-endpoints';
import { checkWayOut, type WayOutNeed } from '../../lib/network/way-out';
import { only } from '../cluster-fixture';
import { importedVpc, isolatedVpc, networkOf, ownNetwork, subnetIds, warnings } from './network-fixture';

const DOCKER_HUB: WayOutNeed = { prop: 'image', what: 'Docker Hub', remedy: 'Use NocoBaseImage.fromEcr(…)' };
const FIRST_PULL: WayOutNeed = { prop: 'image', what: 'its upstream', remedy: 'Pull it from elsewhere', once: true };

function resources(template: Template, type: string): { [id: string]: any } {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties]),
  );
}

describe('without NAT gateways', () => {
  test('nodes and data stores have isolated subnets, each their own, and the entrance public ones', () => {
    const { network, template } = ownNetwork({ natGateways: 0 });
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    expect(network.vpc.publicSubnets).toHaveLength(2);
    const nodes = subnetIds(network.vpc, network.nodeSubnets);
    const data = subnetIds(network.vpc, network.dataSubnets);
    expect([...nodes, ...data]).toEqual(network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId));
    expect(nodes).toHaveLength(2);
  });

  test('subnets are the same as with them, so that the choice can be changed', () => {
    const [without, with1] = [0, 1].map((natGateways) => ownNetwork({ natGateways }).template);
    const blocks = (template: Template) =>
      Object.entries(resources(template, 'AWS::EC2::Subnet')).map(([id, { CidrBlock }]) => [id, CidrBlock]);
    expect(blocks(without)).toEqual(blocks(with1));
    const endpoint = only(with1, 'AWS::EC2::VPCEndpoint').id;
    expect(resources(without, 'AWS::EC2::VPCEndpoint')[endpoint].VpcEndpointType).toBe('Gateway');
  });

  test('there are endpoints in the subnets of the nodes, and nodes wait for them', () => {
    const { network } = ownNetwork({ natGateways: 0 });
    expect(network.wayOut).toBe('none');
    expect(network.endpoints!.interfaceEndpoints).toHaveLength(5);
    expect(network.endpoints!.s3).toBeUndefined();
    expect(network.startAfter).toEqual([network.endpoints, network.vpc.node.findChild('S3')]);
  });

  test('ECS Exec and Parameter Store have endpoints where they are used', () => {
    const names = (enableExecuteCommand: boolean, parameters: boolean) => {
      const { network } = ownNetwork({ natGateways: 0, enableExecuteCommand });
      if (parameters) {
        network.reachParameterStore();
        network.reachParameterStore();
      }
      return network.endpoints!.interfaceEndpoints.map(({ node }) => node.id);
    };
    expect(names(false, false)).not.toEqual(expect.arrayContaining(['ExecuteCommand']));
    expect(names(true, true).slice(5)).toEqual(['ExecuteCommand', 'ParameterStore']);
  });

  test('S3 is for the layers of images and for principals of the account', () => {
    const { template } = ownNetwork({ natGateways: 0 });
    const [gateway] = Object.values(resources(template, 'AWS::EC2::VPCEndpoint')).filter(
      ({ VpcEndpointType }) => VpcEndpointType === 'Gateway',
    );
    const [layers, own, ...others] = gateway.PolicyDocument.Statement;
    expect(layers).toMatchObject({ Action: 's3:GetObject', Principal: '*' });
    expect(JSON.stringify(layers.Resource)).toContain('-starport-layer-bucket/*');
    expect(own.Condition).toEqual({ StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } });
    expect(others).toEqual([]);
  });

  test('what takes a way out is refused with the prop that asks for it', () => {
    const { network } = ownNetwork({ natGateways: 0 });
    expect(() => checkWayOut(network, network, [FIRST_PULL, DOCKER_HUB])).toThrow(
      '`image` needs a way out to Docker Hub, and with `natGateways` 0 nodes have none. Use NocoBaseImage.fromEcr(…). Or leave `natGateways` out.',
    );
    expect(() => checkWayOut(network, network, [])).not.toThrow();
    expect(warnings(network)).toEqual([]);
  });

  test('what can be done in advance is a warning', () => {
    const { network } = ownNetwork({ natGateways: 0 });
    checkWayOut(network, network, [FIRST_PULL]);
    expect(warnings(network)).toEqual([
      expect.stringMatching(
        /^`image` needs a way out to its upstream, for the first time only.*\[ack: .*first-pull\]$/,
      ),
    ]);
  });
});

describe('in a VPC whose isolated subnets are all there is', () => {
  test('they are those of the nodes, with a warning that says what reaches AWS', () => {
    const vpc = importedVpc({ public: ['a', 'b'], isolated: ['a', 'b'] });
    const network = networkOf(vpc);
    expect(subnetIds(vpc, network.nodeSubnets)).toEqual(['isolated-a', 'isolated-b']);
    expect(network).toMatchObject({ wayOut: 'unknown', endpoints: undefined, startAfter: [] });
    expect(warnings(network)).toEqual([expect.stringContaining('[ack: Annotation::cdk-nocobase:node-endpoints]')]);
  });

  test('what takes a way out is a warning: there may be one that cannot be seen', () => {
    const network = networkOf(importedVpc({ isolated: ['a', 'b'] }));
    checkWayOut(network, network, [DOCKER_HUB, { ...DOCKER_HUB, prop: 'plugins', what: 'the licence service' }]);
    expect(warnings(network)).toHaveLength(2);
    expect(warnings(network)[1]).toMatch(
      /^`image` needs a way out to Docker Hub, `plugins` needs a way out to the licence service, .*\[ack: .*:way-out\]$/,
    );
  });

  test('Parameter Store is left to the endpoints that are there', () => {
    const vpc = isolatedVpc();
    const endpoints = new NodeEndpoints(vpc, 'Endpoints', { vpc });
    const network = networkOf(vpc);
    network.reachParameterStore();
    expect(endpoints.interfaceEndpoints).toHaveLength(5);
  });

  test('no endpoints are made, but those that were made before are used', () => {
    const vpc = isolatedVpc();
    const endpoints = new NodeEndpoints(Stack.of(vpc), 'Endpoints', { vpc });
    const network = networkOf(vpc);
    expect(network.endpoints).toBe(endpoints);
    expect(network.startAfter).toEqual([endpoints]);
    expect(warnings(network)).toEqual([]);
  });
});

test('private subnets have a way out: nothing is refused and nothing said', () => {
  const network = networkOf(importedVpc({ private: ['a', 'b'] }));
  checkWayOut(network, network, [DOCKER_HUB, FIRST_PULL]);
  expect(warnings(network)).toEqual([]);
});

test('endpoints in a VPC with a way out have private DNS too, so nodes use them', () => {
  const vpc = importedVpc({ private: ['a', 'b'] });
  const endpoints = new NodeEndpoints(Stack.of(vpc), 'Endpoints', { vpc });
  expect(networkOf(vpc)).toMatchObject({ wayOut: 'there', endpoints });
});
