import { App, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { NodeEndpoints, type NodeEndpointsProps } from '../../lib/network/node-endpoints';
import { only, render } from '../cluster-fixture';
import { importedVpc, isolatedVpc, networkOf, newStack, warnings } from './network-fixture';

function synthesize(vpc: ec2.IVpc, props: Partial<NodeEndpointsProps> = {}) {
  const stack = Stack.of(vpc);
  const endpoints = new NodeEndpoints(stack, 'Endpoints', { vpc, ...props });
  const template = Template.fromStack(stack);
  const all = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(({ Properties }) => Properties);
  const ofType = (type: string) => all.filter(({ VpcEndpointType }) => VpcEndpointType === type);
  return { endpoints, template, interfaces: ofType('Interface'), gateways: ofType('Gateway') };
}

/** The services of endpoints without the region. */
function services(endpoints: any[]): string[] {
  return endpoints.map(({ ServiceName }) => render(ServiceName).replace('com.amazonaws.<AWS::Region>.', '')).sort();
}

test('ECR, logs, Secrets Manager and EFS have endpoints with private DNS, S3 has a gateway', () => {
  const { interfaces, gateways } = synthesize(isolatedVpc());
  expect(services(interfaces)).toEqual(['ecr.api', 'ecr.dkr', 'elasticfilesystem', 'logs', 'secretsmanager']);
  for (const endpoint of interfaces) {
    expect(endpoint.PrivateDnsEnabled).toBe(true);
    expect(endpoint.SubnetIds).toHaveLength(2);
  }
  expect(services(gateways)).toEqual(['s3']);
  expect(gateways[0].RouteTableIds).toHaveLength(2);
});

test('Parameter Store and ECS Exec have them by choice', () => {
  const { interfaces } = synthesize(isolatedVpc(), { parameterStore: true, executeCommand: true });
  expect(services(interfaces)).toEqual(expect.arrayContaining(['ssm', 'ssmmessages']));
  expect(interfaces).toHaveLength(7);
});

test('nobody is let in but who is let in by name, on port 443', () => {
  const vpc = isolatedVpc();
  const stack = Stack.of(vpc);
  const endpoints = new NodeEndpoints(stack, 'Endpoints', { vpc });
  const other = new ec2.SecurityGroup(stack, 'Other', { vpc });
  other.connections.allowToDefaultPort(endpoints);
  const template = Template.fromStack(stack);
  expect(only(template, 'AWS::EC2::SecurityGroupIngress').properties).toMatchObject({
    FromPort: 443,
    ToPort: 443,
    SourceSecurityGroupId: stack.resolve(other.securityGroupId),
  });
  for (const { Properties } of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
    expect(Properties.SecurityGroupIngress).toBeUndefined();
  }
  for (const { Properties } of Object.values(template.findResources('AWS::EC2::VPCEndpoint'))) {
    expect(Properties.SecurityGroupIds ?? []).toEqual(
      Properties.VpcEndpointType === 'Interface'
        ? endpoints.connections.securityGroups.map((group) => stack.resolve(group.securityGroupId))
        : [],
    );
  }
});

test('principals of the account pass and nobody else, so that no data leaves with the keys of a stranger', () => {
  const { interfaces } = synthesize(isolatedVpc(), { parameterStore: true });
  for (const { PolicyDocument } of interfaces) {
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Condition: { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  }
});

test('a policy can be widened by who has to', () => {
  const vpc = isolatedVpc();
  const { interfaceEndpoints } = new NodeEndpoints(Stack.of(vpc), 'Endpoints', { vpc });
  interfaceEndpoints[0].addToPolicy(
    new iam.PolicyStatement({
      principals: [new iam.AccountPrincipal('444455556666')],
      actions: ['*'],
      resources: ['*'],
    }),
  );
  const { PolicyDocument } = Template.fromStack(Stack.of(vpc)).findResources('AWS::EC2::VPCEndpoint')[
    Stack.of(vpc).getLogicalId(interfaceEndpoints[0].node.defaultChild as ec2.CfnVPCEndpoint)
  ].Properties;
  expect(PolicyDocument.Statement).toHaveLength(2);
});

describe('subnets', () => {
  test('are the private ones where there are some', () => {
    const { interfaces } = synthesize(importedVpc({ public: ['a', 'b'], private: ['a', 'b'], isolated: ['a', 'b'] }));
    expect(interfaces[0].SubnetIds).toEqual(['private-a', 'private-b']);
  });

  test('are what is selected, one in a zone', () => {
    const vpc = isolatedVpc();
    const { interfaces } = synthesize(vpc, { vpcSubnets: { subnetGroupName: 'Storage' } });
    expect(interfaces[0].SubnetIds).toEqual(
      Stack.of(vpc).resolve(vpc.selectSubnets({ subnetGroupName: 'Storage' }).subnetIds),
    );
  });

  test('that the VPC does not have are refused', () => {
    expect(() => synthesize(isolatedVpc(), { vpcSubnets: { subnetGroupName: 'Nodes' } })).toThrow(
      '`vpcSubnets` selects nothing in the VPC',
    );
  });
});

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
    expect(synthesize(withGateway()).endpoints.s3).toBeUndefined();
  });

  test('is made beside one for DynamoDB', () => {
    const { DYNAMODB } = ec2.GatewayVpcEndpointAwsService;
    const vpc = isolatedVpc(newStack(), { gatewayEndpoints: { Tables: { service: DYNAMODB } } });
    expect(synthesize(vpc).endpoints.s3).toBeDefined();
  });

  test('is not made in an imported VPC, which may have one, but by choice', () => {
    const { gateways, endpoints } = synthesize(imported(['rtb-a', 'rtb-b']));
    expect(gateways).toEqual([]);
    expect(warnings(endpoints)).toEqual([expect.stringContaining('cdk-nocobase:s3-gateway')]);
    expect(warnings(synthesize(imported(), { s3: false }).endpoints)).toEqual([]);
    expect(synthesize(imported(['rtb-a', 'rtb-b']), { s3: true }).gateways[0].RouteTableIds).toEqual([
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
    const { endpoints, gateways } = synthesize(vpc);
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
    expect(synthesize(vpc).gateways).toHaveLength(2);
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

  test('is not made where it is not wanted', () => {
    expect(synthesize(isolatedVpc(), { s3: false }).gateways).toEqual([]);
  });

  test('needs route tables', () => {
    expect(() => synthesize(imported(), { s3: true })).toThrow(
      '`s3` needs the route tables of the subnets, and the `vpc` was imported without.',
    );
  });
});

test('a VPC has node endpoints once', () => {
  const vpc = isolatedVpc();
  new NodeEndpoints(vpc, 'First', { vpc });
  expect(() => new NodeEndpoints(Stack.of(vpc), 'Second', { vpc })).toThrow(
    '`vpc` has node endpoints already: Prod/Vpc/First. Use those.',
  );
});

describe('an endpoint of the app for the same service', () => {
  const { ECR: service } = ec2.InterfaceVpcEndpointAwsService;
  const beside = (add: (vpc: ec2.Vpc) => unknown, env = {}) => {
    const vpc = isolatedVpc(newStack({ env }));
    new NodeEndpoints(Stack.of(vpc), 'Endpoints', { vpc });
    add(vpc);
    return expect(() => Template.fromStack(Stack.of(vpc)));
  };

  test.each([{}, { region: 'eu-central-1' }, { region: 'cn-north-1' }])('is refused in %j', (env) => {
    beside((vpc) => vpc.addInterfaceEndpoint('Ecr', { service }), env).toThrow(
      '[Prod/Endpoints]: `vpc` has Prod/Vpc/Ecr beside Prod/Endpoints/EcrApi, and takes one endpoint with private DNS for a service.',
    );
  });

  test('is refused where it was written by hand', () => {
    const byHand = (vpc: ec2.Vpc) =>
      new ec2.CfnVPCEndpoint(vpc, 'Ecr', {
        vpcId: vpc.vpcId,
        serviceName: 'com.amazonaws.eu-central-1.ecr.api',
        vpcEndpointType: 'Interface',
        privateDnsEnabled: true,
      });
    beside(byHand, { region: 'eu-central-1' }).toThrow('has Prod/Vpc/Ecr beside Prod/Endpoints/EcrApi');
  });

  test('is fine without private DNS, for another service and in another VPC', () => {
    beside((vpc) => vpc.addInterfaceEndpoint('Ecr', { service, privateDnsEnabled: false })).not.toThrow();
    const { SQS } = ec2.InterfaceVpcEndpointAwsService;
    beside((vpc) => vpc.addInterfaceEndpoint('Sqs', { service: SQS })).not.toThrow();
    beside((vpc) => new ec2.Vpc(vpc, 'Other').addInterfaceEndpoint('Ecr', { service })).not.toThrow();
  });
});

test('the id of a VPC is none', () => {
  expect(() => new NodeEndpoints(newStack(), 'Endpoints', { vpc: 'vpc-1' as any })).toThrow(
    '`vpc` must be a construct, got: string. Where there is one already, import it: Vpc.fromLookup(',
  );
});

test.each([{ enableDnsSupport: false, enableDnsHostnames: false }, { enableDnsHostnames: false }])(
  'a VPC with %j is refused: nodes would not find them',
  (dns) => {
    expect(() => synthesize(isolatedVpc(newStack(), dns))).toThrow('`vpc` has no DNS support or no DNS hostnames');
  },
);

test('a VPC that was imported twice has them once as well', () => {
  const app = new App();
  const vpcOf = (id: string) =>
    ec2.Vpc.fromVpcAttributes(new Stack(app, id), 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      isolatedSubnetIds: ['isolated-a', 'isolated-b'],
    });
  const [shared, mine] = ['Shared', 'Prod'].map(vpcOf);
  const endpoints = new NodeEndpoints(Stack.of(shared), 'Endpoints', { vpc: shared, s3: false });
  expect(networkOf(mine).endpoints).toBe(endpoints);
  expect(() => new NodeEndpoints(Stack.of(mine), 'Endpoints', { vpc: mine })).toThrow(
    '`vpc` has node endpoints already: Shared/Endpoints. Use those.',
  );
});

test('those that are made after the cluster are an error: its nodes would not be let in', () => {
  const vpc = isolatedVpc();
  const stack = Stack.of(vpc);
  networkOf(vpc);
  new NodeEndpoints(stack, 'Endpoints', { vpc });
  expect(() => (stack.node.root as App).synth()).toThrow(
    '`vpc` got node endpoints after the cluster was made, which do not let its nodes in: Prod/Endpoints. Make the NodeEndpoints before the cluster',
  );
});

describe('what nodes need beyond the usual', () => {
  const warned = (props: Partial<NodeEndpointsProps>) => {
    const vpc = isolatedVpc();
    new NodeEndpoints(Stack.of(vpc), 'Endpoints', { vpc, ...props });
    const network = networkOf(vpc, { enableExecuteCommand: true });
    network.reachParameterStore();
    return warnings(network);
  };

  test('is said where endpoints are there without it', () => {
    expect(warned({})).toEqual([
      expect.stringMatching(
        /`enableExecuteCommand` takes .* Prod\/Endpoints has none.*cdk-nocobase:ssmmessages-endpoint/,
      ),
      expect.stringMatching(/Parameter Store takes .*Set `parameterStore` .*cdk-nocobase:ssm-endpoint/),
    ]);
  });

  test('is fine where it is there, and where nodes have a way out', () => {
    expect(warned({ executeCommand: true, parameterStore: true })).toEqual([]);
    const network = networkOf(importedVpc({ private: ['a', 'b'] }), { enableExecuteCommand: true });
    network.reachParameterStore();
    expect(warnings(network)).toEqual([]);
  });
});

describe('in a stack of their own', () => {
  function split() {
    const app = new App();
    const [network, shared, nodes] = ['Network', 'Shared', 'Nodes'].map((id) => new Stack(app, id));
    const vpc = isolatedVpc(network);
    return { app, vpc, endpoints: new NodeEndpoints(shared, 'Endpoints', { vpc }), nodes };
  }

  test('they let in nodes of another stack without a circle of references', () => {
    const { app, vpc, endpoints, nodes } = split();
    const network = networkOf(vpc, {}, nodes);
    expect(network.endpoints).toBe(endpoints);
    const group = new ec2.SecurityGroup(nodes, 'Group', { vpc });
    group.connections.allowToDefaultPort(network.endpoints!);
    group.node.addDependency(...network.startAfter);
    expect(() => app.synth()).not.toThrow();
    Template.fromStack(nodes).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  });

  test('those of another stage are not seen: nothing can refer to them', () => {
    const app = new App();
    const [shared, nodes] = ['Shared', 'Nodes'].map((id) => new Stack(new Stage(app, id), 'Stack'));
    const vpc = importedVpc({ isolated: ['a', 'b'] }, shared);
    new NodeEndpoints(shared, 'Endpoints', { vpc, s3: false });
    expect(networkOf(vpc, {}, shared).endpoints).toBeDefined();
    expect(networkOf(vpc, {}, nodes).endpoints).toBeUndefined();
  });
});

test('names are right in every partition', () => {
  const vpc = isolatedVpc(newStack({ env: { region: 'cn-north-1' } }));
  const { interfaces } = synthesize(vpc);
  expect(interfaces.map(({ ServiceName }) => ServiceName)).toContain('cn.com.amazonaws.cn-north-1.ecr.api');
});
