import { CfnAutoScalingGroup, CfnLaunchConfiguration } from 'aws-cdk-lib/aws-autoscaling';
import { CfnLaunchTemplate, InstanceArchitecture, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { CfnCapacityProvider, Cluster, CpuArchitecture, type ICluster } from 'aws-cdk-lib/aws-ecs';
import type { IConstruct } from 'constructs';
import { referredResource } from './app-resources';
import { invalidProp, isKnown } from './invalid-prop';
import type { NodeCapacity } from './node/node-capacity';
import { checkHere } from './same-region';

/** A service is of the account and the region of its ECS cluster, which it knows by name. */
export function checkEcsCluster(scope: IConstruct, { clusterName, clusterArn, env }: ICluster) {
  if (clusterName.startsWith('arn:') || (isKnown(clusterName) && !/^[\w-]{1,255}$/.test(clusterName))) {
    throw invalidProp(scope, {
      prop: 'ecsCluster',
      problem: `was imported with a clusterName that is not a name${isKnown(clusterName) ? `: '${clusterName}'` : ''}`,
      remedy: "Write what follows on 'cluster/' in its ARN",
    });
  }
  // One that was imported by its attributes says that it is of this stack, whatever its ARN says.
  const [, region = env.region, account = env.account] = /^arn:.*?:ecs:([a-z\d-]+):(\d+):/.exec(clusterArn) ?? [];
  checkHere(
    scope,
    'ecsCluster',
    { region, account },
    () => 'Give one that is where the nodes are to be, or leave it out',
  );
}

/** Nodes run on instances of Auto Scaling groups, or on Fargate. */
export function checkInstances(
  scope: IConstruct,
  ecsCluster: ICluster,
  { strategies = [] }: NodeCapacity,
  cpuArchitecture: CpuArchitecture,
) {
  const providers = strategies
    .map(({ capacityProvider }) => referredResource(capacityProvider))
    .filter((resource) => CfnCapacityProvider.isCfnCapacityProvider(resource));
  const managed = providers.find(({ managedInstancesProvider }) => managedInstancesProvider !== undefined);
  if (managed) {
    throw invalidProp(scope, {
      prop: 'capacityProviderStrategies',
      problem: `names ECS Managed Instances (${managed.node.path}), which are not supported`,
      remedy: 'Use the capacity provider of an Auto Scaling group, or Fargate',
    });
  }
  // One of the app may be given instances later.
  if (!(ecsCluster instanceof Cluster) && !ecsCluster.hasEc2Capacity) {
    throw invalidProp(scope, {
      prop: 'ecsCluster',
      problem: 'was imported as one without instances, and `capacityProviderStrategies` names some',
      remedy:
        'Import it with hasEc2Capacity: true where they are those of an Auto Scaling group; ECS Managed Instances are not supported',
    });
  }
  for (const provider of providers) checkProcessor(scope, provider, cpuArchitecture);
}

/** ECS would look for an instance with the other processor for ever. */
function checkProcessor(scope: IConstruct, provider: CfnCapacityProvider, cpuArchitecture: CpuArchitecture) {
  const type = instanceTypeOf(provider);
  // As CDK reads them.
  if (type === undefined || !/^[a-z]+\d{1,2}[a-z-]*\.[a-z\d-]+$/.test(type)) return;
  const isArm = new InstanceType(type).architecture === InstanceArchitecture.ARM_64;
  if (isArm === (cpuArchitecture._cpuArchitecture === CpuArchitecture.ARM64._cpuArchitecture)) return;
  throw invalidProp(scope, {
    prop: 'cpuArchitecture',
    problem: `is ${isArm ? 'X86_64' : 'ARM64'}, and the instances of ${provider.node.path} are ${type}, so that no node could be placed on one`,
    remedy: `Write cpuArchitecture: ecs.CpuArchitecture.${isArm ? 'ARM64' : 'X86_64'}, with an image for it, or give the Auto Scaling group instances ${isArm ? 'with an x86 processor' : 'with Graviton'}`,
  });
}

/** Of instances of one type, where the group and its template are of this app. */
function instanceTypeOf({ autoScalingGroupProvider: provider }: CfnCapacityProvider): string | undefined {
  if (provider === undefined || !('autoScalingGroupArn' in provider)) return undefined;
  const group = referredResource(provider.autoScalingGroupArn);
  if (!CfnAutoScalingGroup.isCfnAutoScalingGroup(group)) return undefined;
  const { launchTemplate, launchConfigurationName } = group;
  const id = launchTemplate && 'launchTemplateId' in launchTemplate ? launchTemplate.launchTemplateId : undefined;
  const settings = referredResource(id ?? launchConfigurationName);
  if (CfnLaunchConfiguration.isCfnLaunchConfiguration(settings)) return settings.instanceType;
  const data = CfnLaunchTemplate.isCfnLaunchTemplate(settings) ? settings.launchTemplateData : {};
  return 'instanceType' in data ? data.instanceType : undefined;
}
