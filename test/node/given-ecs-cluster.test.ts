import { App, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import { InstanceType, type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { ClusterPlugins, NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { only, synthesize } from '../cluster-fixture';
import { SPOT } from './capacity-fixture';

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
