import { App, Aspects, Duration, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps, NocoBaseImage } from '../../lib';
import { container, environment, newCluster, only, render, synthesize } from '../cluster-fixture';

const SERVICE = 'AWS::ECS::Service';
const TARGET = 'AWS::ApplicationAutoScaling::ScalableTarget';

test('nodes run on Graviton with 2 vCPU and 4 GiB unless told otherwise', () => {
  const definition = (props: Partial<NocoBaseClusterProps>) =>
    only(synthesize(props).template, 'AWS::ECS::TaskDefinition').properties;
  expect(definition({})).toMatchObject({ Cpu: '2048', Memory: '4096', RuntimePlatform: { CpuArchitecture: 'ARM64' } });
  expect(
    definition({ cpuArchitecture: ecs.CpuArchitecture.X86_64, web: { cpu: 4096, memoryLimitMiB: 8192 } }),
  ).toMatchObject({ Cpu: '4096', Memory: '8192', RuntimePlatform: { CpuArchitecture: 'X86_64' } });
});

test('a change of what a node is makes a new task definition of the same family; CloudFormation replaces none', () => {
  const definition = (props: Partial<NocoBaseClusterProps>) =>
    only(synthesize(props).template, 'AWS::ECS::TaskDefinition');
  const first = definition({});
  expect(definition({}).id).toBe(first.id);
  expect(definition({ web: { minNodes: 3, maxNodes: 4 } }).id).toBe(first.id);
  for (const props of [
    { image: NocoBaseImage.version('2.2.14') },
    { environment: { A: 'b' } },
    { web: { memoryLimitMiB: 8192 } },
  ]) {
    const changed = definition(props);
    expect(changed.id).not.toBe(first.id);
    expect(changed.properties.Family).toBe(first.properties.Family);
  }
});

test('what an aspect or an override changes makes a new one, and a new check of the keys; tags make no new one', () => {
  const ids = (change: (definition: ecs.CfnTaskDefinition, stack: Stack) => void = () => {}) => {
    const { stack, cluster } = newCluster();
    change(cluster.web.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition, stack);
    const template = Template.fromStack(stack);
    return [only(template, 'AWS::ECS::TaskDefinition').id, only(template, 'Custom::NocoBasePreflight').id];
  };
  const usual = ids();
  for (const change of [
    (definition) => definition.addPropertyOverride('ContainerDefinitions.0.Image', 'nocobase/nocobase:9.9.9'),
    (definition) => {
      definition.ephemeralStorage = { sizeInGiB: 50 };
    },
    (_, stack) =>
      Aspects.of(stack).add({
        visit: (node) => {
          if (ecs.CfnTaskDefinition.isCfnTaskDefinition(node)) node.addPropertyOverride('PidMode', 'task');
        },
      }),
  ] satisfies Parameters<typeof ids>[0][]) {
    const [definition, check] = ids(change);
    expect([definition === usual[0], check === usual[1]]).toEqual([false, false]);
  }
  expect(ids((_, stack) => Tags.of(stack).add('CostCenter', '4711'))[0]).toBe(usual[0]);
});

test('a container that is added after somebody asked for the ARN is there', () => {
  const { stack, cluster } = newCluster();
  const { taskDefinition } = cluster.web;
  stack.resolve(taskDefinition.taskDefinitionArn);
  taskDefinition.addContainer('Collector', {
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/example/collector:1'),
    essential: false,
  });
  const { id, properties } = only(Template.fromStack(stack), 'AWS::ECS::TaskDefinition');
  expect(properties.ContainerDefinitions.map(({ Name }: any) => Name)).toEqual(['NocoBase', 'Collector']);
  expect(id).not.toBe(only(synthesize().template, 'AWS::ECS::TaskDefinition').id);
});

test('an aspect may give a task definition an aspect of its own', () => {
  const app = new App({ context: { '@aws-cdk/core:aspectStabilization': true } });
  const stack = new Stack(app, 'Prod');
  new NocoBaseCluster(stack, 'NocoBase', { plugins: ClusterPlugins.preinstalled() });
  Aspects.of(stack).add({
    visit: (node) => {
      if (node instanceof ecs.FargateService) Tags.of(node.taskDefinition).add('Team', 'crm');
    },
  });
  expect(only(Template.fromStack(stack), 'AWS::ECS::TaskDefinition').properties.Tags).toEqual([
    { Key: 'Team', Value: 'crm' },
  ]);
});

test('the desired count is left to ECS and to scaling, which keeps it between the bounds', () => {
  const { template } = synthesize({ web: { minNodes: 3, maxNodes: 8 } });
  expect(only(template, SERVICE).properties).not.toHaveProperty('DesiredCount');
  expect(only(template, TARGET).properties).toMatchObject({ MinCapacity: 3, MaxCapacity: 8 });
  expect(only(template, 'AWS::ApplicationAutoScaling::ScalingPolicy').properties).toMatchObject({
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      TargetValue: 60,
    },
  });
});

test('the load balancer reaches the nodes before the first starts, and until the last has ended', () => {
  const { template } = synthesize();
  const between = Object.entries({
    ...template.findResources('AWS::EC2::SecurityGroupIngress', { Properties: { FromPort: 13000 } }),
    ...template.findResources('AWS::EC2::SecurityGroupEgress', { Properties: { FromPort: 13000 } }),
  }).map(([id]) => id);
  expect(between).toHaveLength(2);
  expect(only(template, SERVICE).resource.DependsOn).toEqual(expect.arrayContaining(between));
});

test('one node starts first: the scalable target, which asks for two, comes after the service', () => {
  const { template } = synthesize();
  expect(render(only(template, TARGET).properties.ResourceId)).toContain(`<${only(template, SERVICE).id}.Name>`);
});

test('where the bounds are one number there is no scaling policy', () => {
  const { template } = synthesize({ web: { minNodes: 2, maxNodes: 2 } });
  template.resourceCountIs('AWS::ApplicationAutoScaling::ScalingPolicy', 0);
});

test('a deployment that does not get healthy is given up; zones are balanced', () => {
  expect(only(synthesize().template, SERVICE).properties).toMatchObject({
    AvailabilityZoneRebalancing: 'ENABLED',
    DeploymentConfiguration: {
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
    },
  });
});

test('without room for a surge, rebalancing is off: ECS refuses the two together', () => {
  expect(
    only(synthesize({ web: { minNodes: 16, maxNodes: 16, maximumPercent: 100 } }).template, SERVICE).properties,
  ).toMatchObject({
    AvailabilityZoneRebalancing: 'DISABLED',
    DeploymentConfiguration: { MinimumHealthyPercent: 93, MaximumPercent: 100 },
  });
});

test('ECS waits longer for health than the longest upgrade and the start after it take', () => {
  for (const [upgradeTimeout, upgradeTries] of [
    [Duration.hours(2), 2],
    [Duration.hours(5), 1],
  ] as const) {
    const { template } = synthesize({ upgradeTimeout, upgradeTries });
    // A node that has waited for every try of others has its own still to come.
    expect(only(template, SERVICE).properties.HealthCheckGracePeriodSeconds).toBeGreaterThan(
      (upgradeTries + 1) * upgradeTimeout.toSeconds() + Number(environment(template).LAUNCHER_START_TIMEOUT),
    );
  }
});

test('the first node waits for the policy of the role that fetches its secrets', () => {
  const { template } = synthesize();
  const [executionRole] = only(template, 'AWS::ECS::TaskDefinition').properties.ExecutionRoleArn['Fn::GetAtt'];
  const [policy] = Object.entries(template.findResources('AWS::IAM::Policy')).find(([, { Properties }]) =>
    Properties.Roles.some((role: any) => role.Ref === executionRole),
  )!;
  expect(only(template, SERVICE).resource.DependsOn).toContain(policy);
});

test('the first node waits for the way out of its subnets, by which its image is pulled', () => {
  const { template } = synthesize();
  const service = only(template, SERVICE);
  const subnets = service.properties.NetworkConfiguration.AwsvpcConfiguration.Subnets.map(({ Ref }: any) => Ref);
  const tables = Object.values(template.findResources('AWS::EC2::SubnetRouteTableAssociation'))
    .filter(({ Properties }) => subnets.includes(Properties.SubnetId.Ref))
    .map(({ Properties }) => Properties.RouteTableId.Ref);
  const ways = Object.entries(template.findResources('AWS::EC2::Route'))
    .filter(([, { Properties }]) => Properties.NatGatewayId && tables.includes(Properties.RouteTableId.Ref))
    .map(([id]) => id);
  expect(ways).toHaveLength(2);
  expect(service.resource.DependsOn).toEqual(expect.arrayContaining(ways));
});

test('more than a task definition takes is an error at synthesis', () => {
  const { stack } = newCluster({ environment: { LONG: 'x'.repeat(30_000) } });
  const errors = stack.node.findAll().flatMap((construct) => construct.node.validate());
  expect(errors).toEqual([expect.stringContaining('`environment` and what else a node is told come to')]);
});

test('tasks are in private subnets of two zones, without public addresses', () => {
  const { AwsvpcConfiguration } = only(synthesize().template, SERVICE).properties.NetworkConfiguration;
  expect(AwsvpcConfiguration.AssignPublicIp).toBe('DISABLED');
  expect(AwsvpcConfiguration.Subnets.map(render)).toEqual([
    expect.stringContaining('NodesSubnet1'),
    expect.stringContaining('NodesSubnet2'),
  ]);
});

test('an init process stands above the launcher, which has until stopTimeout to stop gracefully', () => {
  const { template } = synthesize();
  expect(container(template)).toMatchObject({ LinuxParameters: { InitProcessEnabled: true }, StopTimeout: 60 });
  expect(environment(template).LAUNCHER_STOP_TIMEOUT).toBe('60');
});

test('every node has a container health check', () => {
  expect(container(synthesize().template).HealthCheck.Command.join(' ')).toContain('check.js');
});

test('logs go to CloudWatch, for a month, and stay', () => {
  const { template } = synthesize();
  const { 'awslogs-group': group } = container(template).LogConfiguration.Options;
  expect(template.findResources('AWS::Logs::LogGroup')[group.Ref]).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: { RetentionInDays: 30 },
  });
});

test('container insights are on, ECS Exec is by choice', () => {
  expect(only(synthesize().template, 'AWS::ECS::Cluster').properties.ClusterSettings).toEqual([
    { Name: 'containerInsights', Value: 'enabled' },
  ]);
  const exec = (enableExecuteCommand?: boolean) =>
    only(synthesize({ enableExecuteCommand }).template, SERVICE).properties.EnableExecuteCommand;
  expect([exec(), exec(true)]).toEqual([false, true]);
});

test('the rendered container definition stays under 52 KB, of 64 KB that ECS takes', () => {
  for (const region of ['eu-central-1', undefined]) {
    const { template, stack } = synthesize({}, { env: { region } });
    const definition = JSON.stringify(stack.resolve(container(template)));
    // Where CloudFormation picks the root, one root is what reaches ECS.
    expect(Buffer.byteLength(definition) + (region ? 0 : 1500)).toBeLessThan(52 * 1024);
  }
});

describe('while the plug-ins are pending', () => {
  const pending = () => synthesize({ plugins: ClusterPlugins.pending() }).template;

  test('exactly one node runs, also during updates', () => {
    expect(only(pending(), TARGET).properties).toMatchObject({ MinCapacity: 1, MaxCapacity: 1 });
    expect(only(pending(), SERVICE).properties).toMatchObject({
      AvailabilityZoneRebalancing: 'DISABLED',
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    });
    expect(environment(pending()).LAUNCHER_NODES).toBe('single');
    // Also on the way back from a cluster, where the scalable target would only follow the service.
    expect(only(pending(), SERVICE).properties.DesiredCount).toBe(1);
  });

  test.each([
    [{ minNodes: 2 }, '`web.minNodes` must be 1 while the plug-ins are pending, got: 2.'],
    [{ maxNodes: 2 }, '`web.maxNodes` must be 1 while the plug-ins are pending, got: 2.'],
    [{ processes: 2 }, '`web.processes` must be 1 while the plug-ins are pending, got: 2.'],
    [{ maximumPercent: 200 }, '`web.maximumPercent` must be 100 while the plug-ins are pending, got: 200.'],
  ])('%j is refused', (web, message) => {
    expect(() => newCluster({ plugins: ClusterPlugins.pending(), web })).toThrow(message);
  });
});

test.each([
  [{ minNodes: 1 }, '`web.minNodes` must be at least 2, got: 1. The cluster guide asks for two nodes or more'],
  [{ minNodes: 0 }, '`web.minNodes` must be a whole number of at least 1, got: 0.'],
  [{ minNodes: 2.5 }, 'got: 2.5.'],
  [{ minNodes: 5, maxNodes: 3 }, '`web.minNodes` 5 is more than `web.maxNodes`, 3.'],
  [{ maxNodes: 20 }, '`web.maxNodes` 20 and a 100% rolling surge needs 40 worker ids'],
  [{ maximumPercent: 250 }, '`web.maximumPercent` must be a whole number between 100 and 200, got: 250.'],
  [{ cpu: 512 }, '`web.cpu` must be one of 1024, 2048, 4096, 8192, 16384 CPU units, got: 512.'],
  [
    { cpu: 2048, memoryLimitMiB: 2048 },
    '`web.memoryLimitMiB` must be between 4096 and 16384 in steps of 1024 with 2048 CPU units, got: 2048.',
  ],
  [{ cpu: 2048, memoryLimitMiB: 5000 }, 'got: 5000.'],
])('%j is refused', (web, message) => {
  expect(() => newCluster({ web })).toThrow(message);
});
