import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { NodeEndpoints } from '../../lib/network/node-endpoints';
import { ENV, isolatedVpc, newStack, pendingList, synthesizeEndpoints, warnings } from './network-fixture';

describe('the gateway for S3', () => {
  const withGateway = () =>
    isolatedVpc(newStack(), { gatewayEndpoints: { Objects: { service: ec2.GatewayVpcEndpointAwsService.S3 } } });
  const imported = (routeTables?: string[]) =>
    ec2.Vpc.fromVpcAttributes(newStack(), 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      isolatedSubnetIds: ['isolated-a', 'isolated-b'],
      isolatedSubnetRouteTableIds: routeTables,
    });

  test('is not made where the VPC has one: a route table takes one', () => {
    expect(synthesizeEndpoints(withGateway()).endpoints.s3).toBeUndefined();
  });

  test('is made beside one for DynamoDB', () => {
    const { DYNAMODB } = ec2.GatewayVpcEndpointAwsService;
    const vpc = isolatedVpc(newStack(), { gatewayEndpoints: { Tables: { service: DYNAMODB } } });
    expect(synthesizeEndpoints(vpc).endpoints.s3).toBeDefined();
  });

  test('is not made in an imported VPC, which may have one, but by choice', () => {
    const { gateways, endpoints } = synthesizeEndpoints(imported(['rtb-a', 'rtb-b']));
    expect(gateways).toEqual([]);
    expect(warnings(endpoints)).toEqual([expect.stringContaining('cdk-nocobase:s3-gateway')]);
    expect(warnings(synthesizeEndpoints(imported(), { s3: false }).endpoints)).toEqual([]);
    expect(synthesizeEndpoints(imported(['rtb-a', 'rtb-b']), { s3: true }).gateways[0].RouteTableIds).toEqual([
      'rtb-a',
      'rtb-b',
    ]);
  });

  test.each([
    ['of this app', () => isolatedVpc()],
    ['that was imported, by whose route tables', () => imported(['rtb-a', 'rtb-b'])],
  ])('is not made in a VPC %s, where the app makes one on its own', (_, vpcOf) => {
    const vpc = vpcOf();
    const { S3 } = ec2.GatewayVpcEndpointAwsService;
    const s3 = new ec2.GatewayVpcEndpoint(Stack.of(vpc), 'S3', { vpc, service: S3 });
    const { endpoints, gateways } = synthesizeEndpoints(vpc);
    expect(gateways).toEqual([
      expect.objectContaining({ RouteTableIds: Stack.of(vpc).resolve((s3.node.defaultChild as any).routeTableIds) }),
    ]);
    expect(endpoints.s3).toBeUndefined();
    expect(warnings(endpoints)).toEqual([]);
  });

  test('is made beside one of other subnets', () => {
    const vpc = isolatedVpc();
    const { S3: service } = ec2.GatewayVpcEndpointAwsService;
    const subnets = [{ subnetType: ec2.SubnetType.PUBLIC }];
    new ec2.GatewayVpcEndpoint(Stack.of(vpc), 'S3', { vpc, service, subnets });
    expect(synthesizeEndpoints(vpc).gateways).toHaveLength(2);
  });

  const inOneOf = (vpc: ec2.IVpc, [subnet]: ec2.ISubnet[]) => {
    const { S3: service } = ec2.GatewayVpcEndpointAwsService;
    new ec2.GatewayVpcEndpoint(Stack.of(vpc), 'Gateway', { vpc, service, subnets: [{ subnets: [subnet] }] });
    return vpc;
  };

  test.each([undefined, true])('in some of the route tables leaves nodes without their image (s3: %s)', (s3) => {
    const vpc = isolatedVpc();
    expect(() => synthesizeEndpoints(inOneOf(vpc, vpc.isolatedSubnets), { s3 })).toThrow(
      /\[Prod\/Endpoints\]: `s3` has to be for all subnets, and the app makes a gateway for S3 that is not in the route tables of Prod\/Vpc\/AppSubnet2: nodes there could not pull their image\. Make that gateway with them too/,
    );
  });

  test('may be in some of the route tables where the others have a way out, or another way to S3', () => {
    const open = new ec2.Vpc(newStack(), 'Vpc', { maxAzs: 2 });
    expect(synthesizeEndpoints(inOneOf(open, open.privateSubnets)).gateways).toHaveLength(1);
    const closed = isolatedVpc();
    expect(synthesizeEndpoints(inOneOf(closed, closed.isolatedSubnets), { s3: false }).gateways).toHaveLength(1);
  });

  test('may be several, which have all route tables together', () => {
    const vpc = isolatedVpc();
    const { S3: service } = ec2.GatewayVpcEndpointAwsService;
    vpc.isolatedSubnets.forEach((subnet, index) => {
      new ec2.GatewayVpcEndpoint(Stack.of(vpc), `S3${index}`, { vpc, service, subnets: [{ subnets: [subnet] }] });
    });
    expect(synthesizeEndpoints(vpc).endpoints.s3).toBeUndefined();
  });

  test('is refused beside another one in the same route tables', () => {
    const vpc = isolatedVpc();
    const stack = Stack.of(vpc);
    new NodeEndpoints(stack, 'Endpoints', { vpc });
    vpc.addGatewayEndpoint('Later', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    expect(() => Template.fromStack(stack)).toThrow(
      '[Prod/Endpoints]: `s3` makes a second gateway for S3 in route tables that have Prod/Vpc/Later. Take one of the two out: for this one set `s3` to false.',
    );
  });

  describe('by route tables that are not looked up yet', () => {
    /** An endpoint of the app and node endpoints, each in subnets with the route tables given for it. */
    const beside = (tables: string[], tablesOfNodes: string[], s3?: boolean) => {
      const stack = newStack({ env: ENV });
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['a', 'b'] });
      const subnetsOf = (whose: string, ids: string[]) => ({
        subnets: ids.map((routeTableId, i) =>
          ec2.Subnet.fromSubnetAttributes(stack, `${whose}${i}`, {
            subnetId: `${whose}-${i}`,
            availabilityZone: ['a', 'b'][i],
            routeTableId,
          }),
        ),
      });
      const { S3: service } = ec2.GatewayVpcEndpointAwsService;
      new ec2.GatewayVpcEndpoint(stack, 'S3', { vpc, service, subnets: [subnetsOf('theirs', tables)] });
      new NodeEndpoints(stack, 'Endpoints', { vpc, vpcSubnets: subnetsOf('ours', tablesOfNodes), s3 });
      return expect(() => Template.fromStack(stack));
    };
    const pending = (name: string) => pendingList(newStack({ env: ENV }), name)[0];

    test('is not said to be in some of them only', () => {
      beside(['rtb-a'], ['rtb-a', pending('table')]).not.toThrow();
    });

    test('is not said to be the second: what is looked up is the same text at first', () => {
      beside([pending('tables')], [pending('tables')], true).not.toThrow();
    });
  });

  test('is not made where it is not wanted', () => {
    expect(synthesizeEndpoints(isolatedVpc(), { s3: false }).gateways).toEqual([]);
  });

  test('needs route tables', () => {
    expect(() => synthesizeEndpoints(imported(), { s3: true })).toThrow(
      '`s3` needs the route tables of the subnets, and the `vpc` was imported without.',
    );
  });
});
