import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { InstanceType, LaunchTemplate, SecurityGroup, UserData, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { newCluster, only, synthesize } from '../cluster-fixture';
import { SPOT } from './capacity-fixture';

/** A platform with instances, and NocoBase on them. */
function onInstances(props: Partial<NocoBaseClusterProps> = {}, instanceType = 'm7g.xlarge') {
  const app = new App();
  const platform = new Stack(app, 'Platform');
  const vpc = new Vpc(platform, 'Vpc', { maxAzs: 2 });
  const ecsCluster = new ecs.Cluster(platform, 'Ecs', { vpc });
  const provider = new ecs.AsgCapacityProvider(platform, 'Capacity', {
    autoScalingGroup: new AutoScalingGroup(platform, 'Instances', {
      vpc,
      instanceType: new InstanceType(instanceType),
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
    }),
  });
  ecsCluster.addAsgCapacityProvider(provider);
  const stack = new Stack(app, 'Prod');
  const cluster = new NocoBaseCluster(stack, 'NocoBase', {
    ecsCluster,
    capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
    plugins: ClusterPlugins.preinstalled(),
    ...props,
  });
  return { cluster, template: Template.fromStack(stack) };
}

test('nodes run on Fargate on demand', () => {
  const { template } = synthesize();
  const { properties } = only(template, 'AWS::ECS::Service');
  expect(properties.LaunchType).toBe('FARGATE');
  expect(properties.CapacityProviderStrategy).toBeUndefined();
  template.resourceCountIs('AWS::ECS::ClusterCapacityProviderAssociations', 0);
});

test('beyond a base, nodes run on Spot', () => {
  const { template } = synthesize({ capacityProviderStrategies: SPOT });
  const { properties } = only(template, 'AWS::ECS::Service');
  expect(properties.LaunchType).toBeUndefined();
  expect(properties.CapacityProviderStrategy).toEqual([
    { CapacityProvider: 'FARGATE', Base: 2, Weight: 0 },
    { CapacityProvider: 'FARGATE_SPOT', Weight: 1 },
  ]);
  template.hasResourceProperties('AWS::ECS::ClusterCapacityProviderAssociations', {
    CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
  });
});

describe('on instances', () => {
  test('nodes are spread over the availability zones, on the processor that the image is for', () => {
    const { template } = onInstances();
    const service = only(template, 'AWS::ECS::Service').properties;
    expect(service.LaunchType).toBeUndefined();
    expect(service.PlacementStrategies).toEqual([{ Field: 'attribute:ecs.availability-zone', Type: 'spread' }]);
    expect(only(template, 'AWS::ECS::TaskDefinition').properties).toMatchObject({
      RequiresCompatibilities: ['EC2'],
      NetworkMode: 'awsvpc',
      Cpu: '2048',
      Memory: '4096',
      PlacementConstraints: [{ Expression: 'attribute:ecs.cpu-architecture == arm64', Type: 'memberOf' }],
    });
  });

  test('the network is that of the ECS cluster', () => {
    const { template, cluster } = onInstances();
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.resourceCountIs('AWS::ECS::Cluster', 0);
    expect(cluster.vpc).toBe(cluster.ecsCluster.vpc);
  });

  test('a node has any size that NocoBase can run on', () => {
    const { template } = onInstances({ web: { cpu: 1536, memoryLimitMiB: 3700 } });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', { Cpu: '1536', Memory: '3700' });
    expect(() => onInstances({ web: { memoryLimitMiB: 1024 } })).toThrow(
      '`web.memoryLimitMiB` must be a whole number of at least 2048 MiB, got: 1024.',
    );
  });

  test('a processor is known by its name', () => {
    const { template } = onInstances({ cpuArchitecture: ecs.CpuArchitecture.of('ARM64') });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      PlacementConstraints: [{ Expression: 'attribute:ecs.cpu-architecture == arm64', Type: 'memberOf' }],
    });
  });

  test('another processor makes another node', () => {
    const { template } = onInstances({ cpuArchitecture: ecs.CpuArchitecture.X86_64 }, 'm7i.xlarge');
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      PlacementConstraints: [{ Expression: 'attribute:ecs.cpu-architecture == x86_64', Type: 'memberOf' }],
      RuntimePlatform: Match.absent(),
    });
    const id = (of: Template) => only(of, 'AWS::ECS::TaskDefinition').id;
    expect(id(template)).not.toBe(id(onInstances().template));
  });
});

describe('instances with another processor', () => {
  const { ARM64, X86_64 } = ecs.CpuArchitecture;

  test.each([
    [
      ARM64,
      't3.medium',
      'ARM64',
      'X86_64, with an image for it, or give the Auto Scaling group instances with Graviton',
    ],
    [
      X86_64,
      'm7g.xlarge',
      'X86_64',
      'ARM64, with an image for it, or give the Auto Scaling group instances with an x86',
    ],
  ])('are refused', (cpuArchitecture, type, ours, remedy) => {
    expect(() => onInstances({ cpuArchitecture }, type)).toThrow(
      `\`cpuArchitecture\` is ${ours}, and the instances of Platform/Capacity/Capacity are ${type}, so that no node could be placed on one. Write cpuArchitecture: ecs.CpuArchitecture.${remedy}`,
    );
  });

  test('are refused where they have a launch template of their own', () => {
    const stack = new Stack(new App(), 'Prod');
    const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
    const launchTemplate = new LaunchTemplate(stack, 'Template', {
      instanceType: new InstanceType('c6i.large'),
      machineImage: ecs.EcsOptimizedImage.amazonLinux2023(),
      securityGroup: new SecurityGroup(stack, 'Instances', { vpc }),
      userData: UserData.forLinux(),
      role: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    });
    const ecsCluster = new ecs.Cluster(stack, 'Ecs', { vpc });
    const autoScalingGroup = new AutoScalingGroup(stack, 'Group', { vpc, launchTemplate });
    const provider = new ecs.AsgCapacityProvider(stack, 'Capacity', { autoScalingGroup });
    ecsCluster.addAsgCapacityProvider(provider);
    const capacityProviderStrategies = [{ capacityProvider: provider.capacityProviderName, weight: 1 }];
    const plugins = ClusterPlugins.preinstalled();
    expect(() => new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, capacityProviderStrategies, plugins })).toThrow(
      'the instances of Prod/Capacity/Capacity are c6i.large',
    );
  });
});

test('a single node stays single on instances too', () => {
  const { template } = onInstances({ plugins: ClusterPlugins.pending() });
  template.hasResourceProperties('AWS::ECS::Service', {
    DesiredCount: 1,
    DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    AvailabilityZoneRebalancing: 'DISABLED',
  });
});

test.each<[string, ecs.CapacityProviderStrategy[], string]>([
  ['no list', {} as any, 'must be a list of objects that have a `capacityProvider` each. Write e.g. ['],
  ['a list of names', ['FARGATE'] as any, 'must be a list of objects that have a `capacityProvider` each.'],
  ['no provider', [], 'names no capacity provider. Leave it out for Fargate.'],
  [
    'one twice',
    [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE', weight: 1 },
    ],
    'names a capacity provider twice: FARGATE, FARGATE.',
  ],
  [
    'Fargate beside instances',
    [
      { capacityProvider: 'FARGATE', weight: 1 },
      { capacityProvider: 'Instances', weight: 1 },
    ],
    'mixes Fargate (FARGATE) with instances, which ECS does not do in one service.',
  ],
  [
    'two bases',
    [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', base: 1, weight: 1 },
    ],
    'has a `base` at more than one capacity provider',
  ],
  ['no weight', [{ capacityProvider: 'FARGATE', base: 2, weight: 0 }], 'has no capacity provider with a `weight`'],
  ['a base alone', [{ capacityProvider: 'FARGATE', base: 2 }], 'has no capacity provider with a `weight`'],
  [
    'less than none',
    [{ capacityProvider: 'FARGATE', weight: -4 }],
    'has weight -4 for FARGATE, which must be a whole number between 0 and 1000.',
  ],
  [
    'half a node',
    [{ capacityProvider: 'FARGATE', weight: 1, base: 1.5 }],
    'has base 1.5 for FARGATE, which must be a whole number between 0 and 100000.',
  ],
  [
    'Spot alone',
    [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    'has nothing but FARGATE_SPOT below a `base`, and AWS may take all such nodes at once',
  ],
  [
    'instances without their cluster',
    [{ capacityProvider: 'Instances', weight: 1 }],
    'names instances, and they belong to an ECS cluster that is not given. Give the cluster',
  ],
])('%s is refused', (_, capacityProviderStrategies, message) => {
  expect(() => newCluster({ capacityProviderStrategies })).toThrow(
    `cdk-nocobase [Prod/NocoBase]: \`capacityProviderStrategies\` ${message}`,
  );
});
