import { App, Fn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { InstanceType, type IVpc, LaunchTemplate, SecurityGroup, UserData, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { newCluster, only, synthesize } from '../cluster-fixture';

const SPOT: ecs.CapacityProviderStrategy[] = [
  { capacityProvider: 'FARGATE', base: 2, weight: 0 },
  { capacityProvider: 'FARGATE_SPOT', weight: 1 },
];

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

test('a network that is not that of the ECS cluster is refused', () => {
  const stack = new Stack(new App(), 'Prod');
  const ecsCluster = new ecs.Cluster(stack, 'Ecs', { vpc: new Vpc(stack, 'Theirs') });
  const vpc = new Vpc(stack, 'Another');
  expect(
    () => new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, vpc, plugins: ClusterPlugins.preinstalled() }),
  ).toThrow('`vpc` Prod/Another is not the network of `ecsCluster`, which is Prod/Theirs. Leave `vpc` out');
});

describe('in an ECS cluster of the same stack', () => {
  const deploy = (prepare: (stack: Stack, ecsCluster: ecs.Cluster) => ecs.CapacityProviderStrategy[]) => {
    const stack = new Stack(new App(), 'Prod');
    const ecsCluster = new ecs.Cluster(stack, 'Ecs', { vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }) });
    const capacityProviderStrategies = prepare(stack, ecsCluster);
    const plugins = ClusterPlugins.preinstalled();
    new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, capacityProviderStrategies, plugins });
    return Template.fromStack(stack);
  };

  const waits = (template: Template) =>
    expect(only(template, 'AWS::ECS::Service').resource.DependsOn).toContain(
      only(template, 'AWS::ECS::ClusterCapacityProviderAssociations').id,
    );

  test('nodes start after it has its capacity providers, and end before it loses them', () => {
    waits(synthesize({ capacityProviderStrategies: SPOT }).template);
    waits(
      deploy((_, ecsCluster) => {
        ecsCluster.enableFargateCapacityProviders();
        return SPOT;
      }),
    );
    waits(
      deploy((stack, ecsCluster) => {
        const provider = new ecs.AsgCapacityProvider(stack, 'Capacity', {
          autoScalingGroup: new AutoScalingGroup(stack, 'Instances', {
            vpc: ecsCluster.vpc,
            instanceType: new InstanceType('m7g.xlarge'),
            machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
          }),
        });
        ecsCluster.addAsgCapacityProvider(provider);
        return [{ capacityProvider: provider.capacityProviderName, weight: 1 }];
      }),
    );
  });

  test('Fargate without its capacity providers is refused', () => {
    expect(() => deploy(() => SPOT)).toThrow(
      '`ecsCluster` Prod/Ecs has no capacity provider FARGATE, which `capacityProviderStrategies` names. Give it those of Fargate: enableFargateCapacityProviders: true.',
    );
  });

  const provider = (stack: Stack, ecsCluster: ecs.Cluster, id: string, capacityProviderName?: string) =>
    new ecs.AsgCapacityProvider(stack, id, {
      capacityProviderName,
      autoScalingGroup: new AutoScalingGroup(stack, `Instances${id}`, {
        vpc: ecsCluster.vpc,
        instanceType: new InstanceType('m7g.xlarge'),
        machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
      }),
    });

  test('instances that were not given to it are refused', () => {
    expect(() =>
      deploy((stack, ecsCluster) => {
        const [one, other] = ['One', 'Other'].map((id) => provider(stack, ecsCluster, id));
        ecsCluster.addAsgCapacityProvider(one);
        return [{ capacityProvider: other.capacityProviderName, weight: 1 }];
      }),
    ).toThrow(
      '`ecsCluster` Prod/Ecs has no capacity provider Prod/Other/Other, which `capacityProviderStrategies` names. Call addAsgCapacityProvider() on the ECS cluster.',
    );
  });

  test('an ECS cluster without instances is refused, with the way out', () => {
    expect(() => deploy(() => [{ capacityProvider: 'instances', weight: 1 }])).toThrow(
      '`ecsCluster` Prod/Ecs was given no instances, and `capacityProviderStrategies` names some. Call addAsgCapacityProvider() on it',
    );
  });

  describe('that was given its capacity providers by hand', () => {
    const byHand = (names: (made: ecs.AsgCapacityProvider) => { given: string; named: string }) => {
      const stack = new Stack(new App(), 'Prod');
      const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
      const made = new ecs.Cluster(stack, 'Ecs', { vpc });
      const { given, named } = names(provider(stack, made, 'Capacity', 'instances'));
      new ecs.CfnClusterCapacityProviderAssociations(stack, 'Associations', {
        cluster: (made.node.defaultChild as ecs.CfnCluster).attrArn,
        capacityProviders: [given],
        defaultCapacityProviderStrategy: [],
      });
      new NocoBaseCluster(stack, 'NocoBase', {
        ecsCluster: ecs.Cluster.fromClusterAttributes(stack, 'Imported', { clusterName: made.clusterName, vpc }),
        capacityProviderStrategies: [{ capacityProvider: named, weight: 1 }],
        plugins: ClusterPlugins.preinstalled(),
      });
      return Template.fromStack(stack);
    };

    test('nodes wait for them, however they are named', () => {
      waits(byHand(({ capacityProviderName: name }) => ({ given: name, named: name })));
      waits(byHand(({ capacityProviderName }) => ({ given: 'instances', named: capacityProviderName })));
      waits(byHand(({ capacityProviderName }) => ({ given: capacityProviderName, named: 'instances' })));
    });

    test('nodes wait for those that are given by the name of the cluster', () => {
      const stack = new Stack(new App(), 'Prod');
      const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
      const ecsCluster = new ecs.Cluster(stack, 'Ecs', { vpc, clusterName: 'company' });
      new ecs.CfnClusterCapacityProviderAssociations(stack, 'Associations', {
        cluster: 'company',
        capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        defaultCapacityProviderStrategy: [],
      });
      const plugins = ClusterPlugins.preinstalled();
      new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, capacityProviderStrategies: SPOT, plugins });
      waits(Template.fromStack(stack));
    });

    test('those of a cluster of the same name in another account are not waited for', () => {
      const app = new App();
      const stacks = ['111122223333', '444455556666'].map((account) => {
        const stack = new Stack(app, `In${account}`, { env: { account, region: 'eu-central-1' } });
        new ecs.CfnClusterCapacityProviderAssociations(stack, 'Associations', {
          cluster: 'company',
          capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
          defaultCapacityProviderStrategy: [],
        });
        const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
        const ecsCluster = ecs.Cluster.fromClusterAttributes(stack, 'Ecs', { clusterName: 'company', vpc });
        new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, plugins: ClusterPlugins.preinstalled() });
        return stack;
      });
      for (const stack of stacks) waits(Template.fromStack(stack));
    });

    test('those that it was not given are refused', () => {
      expect(() => byHand(({ capacityProviderName }) => ({ given: 'others', named: capacityProviderName }))).toThrow(
        'has no capacity provider Prod/Capacity/Capacity',
      );
    });
  });

  test('ECS Managed Instances are refused', () => {
    expect(() =>
      deploy((stack) => {
        const { ref } = new ecs.CfnCapacityProvider(stack, 'Managed', {
          managedInstancesProvider: {
            infrastructureRoleArn: 'arn:aws:iam::123456789012:role/infrastructure',
            instanceLaunchTemplate: {
              ec2InstanceProfileArn: 'arn:aws:iam::123456789012:instance-profile/instances',
              networkConfiguration: { subnets: ['private-a'], securityGroups: ['sg-1'] },
            },
          },
        });
        return [{ capacityProvider: ref, weight: 1 }];
      }),
    ).toThrow('names ECS Managed Instances (Prod/Managed), which are not supported.');
  });
});

describe('an imported ECS cluster', () => {
  const env = { account: '111122223333', region: 'eu-central-1' };
  const vpcOf = (stack: Stack, id: string, vpcId = 'vpc-0123456789abcdef0') =>
    Vpc.fromVpcAttributes(stack, id, {
      vpcId,
      availabilityZones: ['a', 'b'],
      publicSubnetIds: ['public-a', 'public-b'],
      privateSubnetIds: ['private-a', 'private-b'],
    });
  const deploy = (
    props: (stack: Stack) => { theirs: IVpc; hasEc2Capacity?: boolean } & Partial<NocoBaseClusterProps>,
  ) => {
    const stack = new Stack(new App(), 'Prod', { env });
    const { theirs, hasEc2Capacity, ...others } = props(stack);
    const ecsCluster = ecs.Cluster.fromClusterAttributes(stack, 'Ecs', {
      clusterName: 'platform',
      vpc: theirs,
      hasEc2Capacity,
    });
    return new NocoBaseCluster(stack, 'NocoBase', { ecsCluster, plugins: ClusterPlugins.preinstalled(), ...others });
  };

  test('without instances is refused where nodes are to be on some', () => {
    expect(() =>
      deploy((stack) => ({
        theirs: vpcOf(stack, 'Theirs'),
        hasEc2Capacity: false,
        capacityProviderStrategies: [{ capacityProvider: 'Instances', weight: 1 }],
      })),
    ).toThrow(
      '`ecsCluster` was imported as one without instances, and `capacityProviderStrategies` names some. Import it with hasEc2Capacity: true',
    );
  });

  test('without its network is refused', () => {
    const stack = new Stack(new App(), 'Prod', { env });
    const arn = 'arn:aws:ecs:eu-central-1:111122223333:cluster/platform';
    const ecsCluster = ecs.Cluster.fromClusterArn(stack, 'Ecs', arn);
    for (const vpc of [undefined, vpcOf(stack, 'Vpc')]) {
      expect(
        () => new NocoBaseCluster(stack, `N${!vpc}`, { ecsCluster, vpc, plugins: ClusterPlugins.preinstalled() }),
      ).toThrow('`ecsCluster` was imported without its network. Import it with Cluster.fromClusterAttributes');
    }
  });

  test('may be given a network of its own that `vpc` is too, as far as can be seen', () => {
    const twice = (one: (stack: Stack) => IVpc, other: (stack: Stack) => IVpc) =>
      expect(() => deploy((stack) => ({ theirs: one(stack), vpc: other(stack) })));
    const exported = (id: string) => (stack: Stack) => vpcOf(stack, id, Fn.importValue('VpcId'));
    twice(exported('A'), exported('B')).not.toThrow();
    const looksUp = (stack: Stack) => Vpc.fromLookup(stack, 'Vpc', { vpcId: 'vpc-0123456789abcdef0' });
    twice((stack) => vpcOf(stack, 'A'), looksUp).not.toThrow();
    twice(
      (stack) => vpcOf(stack, 'A'),
      (stack) => vpcOf(stack, 'B', 'vpc-fedcba9876543210f'),
    ).toThrow('`vpc` Prod/B is not the network of `ecsCluster`');
  });

  test('what is wrong with its network is said of it', () => {
    expect(() =>
      deploy((stack) => ({
        theirs: Vpc.fromVpcAttributes(stack, 'Theirs', {
          vpcId: 'vpc-1',
          availabilityZones: ['a'],
          privateSubnetIds: ['private-a'],
        }),
      })),
    ).toThrow('`ecsCluster.vpc` has Private subnets in 1 availability zone only.');
  });
});
