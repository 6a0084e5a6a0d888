import { App, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { NodeEndpoints, type NodeEndpointsProps } from '../../lib/network/node-endpoints';
import { only, render } from '../cluster-fixture';
import { ENV, importedVpc, isolatedVpc, networkOf, newStack, synthesizeEndpoints, warnings } from './network-fixture';

/** The services of endpoints without the region. */
function services(endpoints: any[]): string[] {
  return endpoints.map(({ ServiceName }) => render(ServiceName).replace('com.amazonaws.<AWS::Region>.', '')).sort();
}

test('ECR, logs, Secrets Manager and EFS have endpoints with private DNS, S3 has a gateway', () => {
  const { interfaces, gateways } = synthesizeEndpoints(isolatedVpc());
  expect(services(interfaces)).toEqual(['ecr.api', 'ecr.dkr', 'elasticfilesystem', 'logs', 'secretsmanager']);
  for (const endpoint of interfaces) {
    expect(endpoint.PrivateDnsEnabled).toBe(true);
    expect(endpoint.SubnetIds).toHaveLength(2);
  }
  expect(services(gateways)).toEqual(['s3']);
  expect(gateways[0].RouteTableIds).toHaveLength(2);
});

test('Parameter Store and ECS Exec have them by choice', () => {
  const { interfaces } = synthesizeEndpoints(isolatedVpc(), { parameterStore: true, executeCommand: true });
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
  const { interfaces } = synthesizeEndpoints(isolatedVpc(), { parameterStore: true });
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
    const { interfaces } = synthesizeEndpoints(
      importedVpc({ public: ['a', 'b'], private: ['a', 'b'], isolated: ['a', 'b'] }),
    );
    expect(interfaces[0].SubnetIds).toEqual(['private-a', 'private-b']);
  });

  test('are what is selected, one in a zone', () => {
    const vpc = isolatedVpc();
    const { interfaces } = synthesizeEndpoints(vpc, { vpcSubnets: { subnetGroupName: 'Storage' } });
    expect(interfaces[0].SubnetIds).toEqual(
      Stack.of(vpc).resolve(vpc.selectSubnets({ subnetGroupName: 'Storage' }).subnetIds),
    );
  });

  test('that the VPC does not have are refused', () => {
    expect(() => synthesizeEndpoints(isolatedVpc(), { vpcSubnets: { subnetGroupName: 'Nodes' } })).toThrow(
      '`vpcSubnets` selects nothing in the VPC',
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

test('nothing in place of a VPC is refused, also beside others', () => {
  const stack = newStack();
  new NodeEndpoints(stack, 'Others', { vpc: new ec2.Vpc(stack, 'Vpc') });
  expect(() => new NodeEndpoints(stack, 'Endpoints', { vpc: undefined as any })).toThrow(
    '`vpc` must be a construct, got: nothing.',
  );
});

test('the id of a VPC is none', () => {
  expect(() => new NodeEndpoints(newStack(), 'Endpoints', { vpc: 'vpc-1' as any })).toThrow(
    '`vpc` must be a construct, got: string. Where there is one already, import it: Vpc.fromLookup(',
  );
});

test.each([{ enableDnsSupport: false, enableDnsHostnames: false }, { enableDnsHostnames: false }])(
  'a VPC with %j is refused: nodes would not find them',
  (dns) => {
    expect(() => synthesizeEndpoints(isolatedVpc(newStack(), dns))).toThrow(
      '`vpc` has no DNS support or no DNS hostnames',
    );
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

  test.each([
    ['another account, which shares the VPC', { account: '444455556666', region: ENV.region }],
    ['any environment', {}],
  ])('those of a stack for %s are not taken: their group is not for this one to change', (_, env) => {
    const app = new App();
    const [owner, nodes] = [env, ENV].map((of, i) => new Stack(app, `Stack${i}`, { env: of }));
    const [theirs, ours] = [owner, nodes].map((stack) => importedVpc({ isolated: ['a', 'b'] }, stack));
    new NodeEndpoints(owner, 'Endpoints', { vpc: theirs, s3: false });
    const network = networkOf(ours);
    expect(network.endpoints).toBeUndefined();
    expect(warnings(network)).toEqual([expect.stringContaining('cdk-nocobase:node-endpoints')]);
  });
});

test('names are right in every partition', () => {
  const vpc = isolatedVpc(newStack({ env: { region: 'cn-north-1' } }));
  const { interfaces } = synthesizeEndpoints(vpc);
  expect(interfaces.map(({ ServiceName }) => ServiceName)).toContain('cn.com.amazonaws.cn-north-1.ecr.api');
});
