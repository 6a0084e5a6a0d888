import { App, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Entrance } from '../../lib';
import { only, synthesize } from '../cluster-fixture';
import { lookedUpVpc } from '../network/network-fixture';
import {
  bind,
  certificate,
  domain,
  LOAD_BALANCER,
  NO_NODES,
  newPlatform,
  synthesizeEntrance,
  TARGET_GROUP,
  zone,
} from './entrance-fixture';

test('between public and internal there is another target group: one belongs to one load balancer at a time', () => {
  const ids = (entrance: Entrance) => {
    const { template } = synthesize({ entrance });
    return [LOAD_BALANCER, TARGET_GROUP].map((type) => only(template, type).id);
  };
  expect(ids(Entrance.http())).toEqual(ids(domain('nocobase.example.com')));
  expect(ids(Entrance.http({ internetFacing: false }))).toEqual(ids(Entrance.cloudFront()));
  for (const id of ids(Entrance.cloudFront())) {
    expect(ids(Entrance.http())).not.toContain(id);
  }
});

describe('a load balancer for users inside the network', () => {
  const hostedZone = zone();
  const domainName = 'nocobase.example.com';

  test.each([
    ['http', Entrance.http({ internetFacing: false })],
    ['domain', Entrance.domain({ internetFacing: false, domainName, hostedZone })],
    ['certificate', Entrance.certificate(certificate(new Stack()), { internetFacing: false, domainName })],
  ])('is a matter of Entrance.%s', (_, entrance) => {
    const platform = newPlatform();
    const { template } = synthesizeEntrance(entrance, platform);
    expect(only(template, LOAD_BALANCER).properties).toMatchObject({
      Scheme: 'internal',
      Subnets: platform.vpc.privateSubnets.map(() => ({ 'Fn::ImportValue': expect.stringContaining('PrivateSubnet') })),
    });
  });

  test('stands in isolated subnets where there are no others', () => {
    const stack = new Stack(new App(), 'Network');
    const vpc = new ec2.Vpc(stack, 'Vpc', {
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    });
    const { binding } = bind(Entrance.http({ internetFacing: false }), { vpc });
    expect(stack.resolve((binding.loadBalancer!.node.defaultChild as any).subnets)).toHaveLength(2);
  });

  test('needs them named where the VPC knows none', () => {
    const vpc = ec2.Vpc.fromVpcAttributes(new Stack(new App(), 'Network'), 'Vpc', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
    });
    for (const entrance of [Entrance.http({ internetFacing: false }), Entrance.cloudFront()]) {
      const bound = () => entrance.bind(new Stack(), { vpc, publicPath: '/', target: NO_NODES });
      expect(bound).toThrow(
        '`subnets.entrance` is missing: the load balancer is internal, and the `vpc` names no private subnets for it. Name subnets in two availability zones; those of the nodes will do.',
      );
    }
  });

  test('is made in the subnets given, one in each zone', () => {
    const subnets = (selection: ec2.SubnetSelection) => {
      const vpc = new ec2.Vpc(new Stack(new App(), 'Network'), 'Vpc', {
        subnetConfiguration: ['Nodes', 'Front', 'Back'].map((name, index) => ({
          name,
          subnetType: index === 0 ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED,
        })),
        natGateways: 0,
      });
      const entrance = Entrance.http({ internetFacing: false });
      const { binding } = bind(entrance, { vpc, subnets: selection });
      const { subnets } = binding.loadBalancer!.node.defaultChild as elbv2.CfnLoadBalancer;
      return vpc.isolatedSubnets.filter(({ subnetId }) => subnets!.includes(subnetId)).map(({ node }) => node.id);
    };
    expect(subnets({ subnetGroupName: 'Back' })).toEqual(['BackSubnet1', 'BackSubnet2']);
    expect(subnets({ subnetType: ec2.SubnetType.PRIVATE_ISOLATED })).toHaveLength(2);
  });

  test('does with a name in a public zone, and not in a private one, where no certificate proves itself', () => {
    const platform = newPlatform();
    const { vpc } = platform;
    const hostedZone = new route53.PrivateHostedZone(platform, 'Zone', { vpc, zoneName: 'example.com' });
    const entrance = Entrance.domain({ internetFacing: false, domainName: 'nocobase.example.com', hostedZone });
    expect(() => bind(entrance, platform)).toThrow(
      /`entrance.hostedZone` Platform\/Zone is private, and the proof for the certificate.*Use a public zone, which/,
    );
  });
});

describe('the subnets of a load balancer', () => {
  const tried =
    (selection: (vpc: ec2.IVpc) => ec2.SubnetSelection, internetFacing = true, maxAzs = 2) =>
    () => {
      const vpc = new ec2.Vpc(new Stack(new App(), 'Network'), 'Vpc', { maxAzs });
      return bind(Entrance.http({ internetFacing }), { vpc, subnets: selection(vpc) });
    };

  test('have a route from the internet where it faces that', () => {
    const inside = /`subnets.entrance` has subnets without a route from the internet.*internetFacing: false/;
    expect(tried(() => ({ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }))).toThrow(inside);
    expect(tried((vpc) => ({ subnets: [vpc.publicSubnets[0], vpc.privateSubnets[1]] }))).toThrow(inside);
    expect(tried(() => ({ subnetType: ec2.SubnetType.PUBLIC }))).not.toThrow();
  });

  test('are in two zones', () => {
    const one =
      /`subnets.entrance` has (Private )?subnets in 1 availability zone only. A cluster needs them in at least two./;
    expect(tried((vpc) => ({ subnets: [vpc.publicSubnets[0]] }))).toThrow(one);
    expect(tried(() => ({ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }), false, 1)).toThrow(one);
  });

  test('are taken as they are where their zones are not known', () => {
    const byId = (vpc: ec2.IVpc) => ({
      subnets: ['subnet-1', 'subnet-2'].map((id) => ec2.Subnet.fromSubnetId(vpc, id, id)),
    });
    expect(tried(byId)).not.toThrow();
  });

  test('are all there where their zones are one list', () => {
    const stack = new Stack(new App(), 'Network');
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: Fn.getAzs(),
      publicSubnetIds: ['subnet-1', 'subnet-2'],
      publicSubnetNames: ['PublicA', 'PublicB'],
    });
    const { template } = synthesizeEntrance(Entrance.http(), { vpc });
    expect(only(template, LOAD_BALANCER).properties.Subnets).toEqual(['subnet-1', 'subnet-2']);
  });

  test('are those of the VPC, of which it is said when they do not do', () => {
    const vpc = new ec2.Vpc(new Stack(new App(), 'Network'), 'Vpc', { maxAzs: 1 });
    expect(() => bind(Entrance.http(), { vpc })).toThrow('`vpc` has Public subnets in 1 availability zone only.');
  });

  test('are isolated ones where the private one is of a firewall', () => {
    const vpc = lookedUpVpc({ private: ['a'], isolated: ['a', 'b'] });
    const { template } = synthesizeEntrance(Entrance.http({ internetFacing: false }), { vpc });
    expect(only(template, LOAD_BALANCER).properties.Subnets).toEqual(['isolated-a', 'isolated-b']);
  });

  test('are inside also where they were imported a second time', () => {
    const again = (vpc: ec2.IVpc) => ({
      subnets: vpc.privateSubnets.map(({ subnetId, availabilityZone }, i) =>
        ec2.Subnet.fromSubnetAttributes(vpc, `Again${i}`, { subnetId, availabilityZone }),
      ),
    });
    expect(tried(again)).toThrow('`subnets.entrance` has subnets without a route from the internet');
  });
});
