import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { InstanceType, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { newCluster, only, synthesize } from '../cluster-fixture';

const SPOT: ecs.CapacityProviderStrategy[] = [
  { capacityProvider: 'FARGATE', base: 2, weight: 0 },
  { capacityProvider: 'FARGATE_SPOT', weight: 1 },
];

/** A platform with instances, and NocoBase on them. */
function onInstances(props: Partial<NocoBaseClusterProps> = {}) {
  const app = new App();
  const platform = new Stack(app, 'Platform');
  const vpc = new Vpc(platform, 'Vpc', { maxAzs: 2 });
  const ecsCluster = new ecs.Cluster(platform, 'Ecs', { vpc });
  const provider = new ecs.AsgCapacityProvider(platform, 'Capacity', {
    autoScalingGroup: new AutoScalingGroup(platform, 'Instances', {
      vpc,
      instanceType: new InstanceType('m7g.xlarge'),
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

  test('another processor makes another node', () => {
    const { template } = onInstances({ cpuArchitecture: ecs.CpuArchitecture.X86_64 });
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      PlacementConstraints: [{ Expression: 'attribute:ecs.cpu-architecture == x86_64', Type: 'memberOf' }],
      RuntimePlatform: Match.absent(),
    });
    const id = (of: Template) => only(of, 'AWS::ECS::TaskDefinition').id;
    expect(id(template)).not.toBe(id(onInstances().template));
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
    `NocoBaseCluster [Prod/NocoBase]: \`capacityProviderStrategies\` ${message}`,
  );
});

test('a network that is not that of the ECS cluster is refused', () => {
  const stack = new Stack(new App(), 'Prod');
  const ecsCluster = new ecs.Cluster(stack, 'Ecs', { vpc: new Vpc(stack, 'Theirs') });
  const vpc = new Vpc(stack, 'Another');
  expect(
    () => new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, vpc, plugins: ClusterPlugins.preinstalled() }),
  ).toThrow('`vpc` Prod/Another is not the network of `ecsCluster`, which is Prod/Theirs. Leave `vpc` out');
});
