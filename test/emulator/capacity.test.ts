import { DescribeClustersCommand, DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { type App, Stack, Tags } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { LocalAws } from './local-aws';

// On what nodes run: Fargate, its spare capacity, or instances of one's own.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
});
afterAll(() => aws?.stop());

const { ECS, ECS_AGENT, ECR } = ec2.InterfaceVpcEndpointAwsService;
const { ARM, STANDARD } = ecs.AmiHardwareType;

interface Instances {
  readonly instanceType?: string;
  readonly hardware?: ecs.AmiHardwareType;
  readonly maxCapacity?: number;
  readonly isolated?: boolean;
  /** What the service says that it waits for. The cluster has in it what tells it of its capacity providers. */
  readonly waitFor?: string[];
}

/** A cluster with instances of its own, and a service on them. */
function onInstances(app: App, props: Instances) {
  const { instanceType = 'm7g.large', hardware = ARM, maxCapacity = 2, isolated = false } = props;
  const { waitFor = ['Vpc', 'Cluster', 'Provider'] } = props;
  const stack = new Stack(app, 'Instances');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: isolated ? 0 : 1 });
  const subnetType = isolated ? ec2.SubnetType.PRIVATE_ISOLATED : ec2.SubnetType.PRIVATE_WITH_EGRESS;
  const launchTemplate = new ec2.LaunchTemplate(stack, 'Template', {
    machineImage: ecs.EcsOptimizedImage.amazonLinux2023(hardware),
    instanceType: new ec2.InstanceType(instanceType),
    userData: ec2.UserData.forLinux(),
    role: new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
    securityGroup: new ec2.SecurityGroup(stack, 'Group', { vpc }),
    requireImdsv2: true,
  });
  const autoScalingGroup = new autoscaling.AutoScalingGroup(stack, 'Asg', {
    vpc,
    vpcSubnets: { subnetType },
    launchTemplate,
    minCapacity: 0,
    maxCapacity,
  });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  const provider = new ecs.AsgCapacityProvider(stack, 'Provider', { autoScalingGroup });
  cluster.addAsgCapacityProvider(provider);
  const task = new ecs.TaskDefinition(stack, 'Task', {
    compatibility: ecs.Compatibility.EC2,
    networkMode: ecs.NetworkMode.AWS_VPC,
    cpu: '1024',
    memoryMiB: '4096',
  });
  task.addContainer('web', { image: ecs.ContainerImage.fromRegistry('nginx') });
  const service = new ecs.Ec2Service(stack, 'Service', {
    cluster,
    taskDefinition: task,
    minHealthyPercent: 100,
    vpcSubnets: { subnetType },
    capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
  });
  service.node.addDependency(...waitFor.map((id) => stack.node.findChild(id)));
  return { stack, vpc, launchTemplate, autoScalingGroup, cluster, provider, task, service };
}

/** A service on Fargate. */
function onFargate(app: App, strategy: ecs.CapacityProviderStrategy[], isEnabled = true) {
  const stack = new Stack(app, 'Fargate');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, enableFargateCapacityProviders: isEnabled });
  const task = new ecs.FargateTaskDefinition(stack, 'Task', { cpu: 512, memoryLimitMiB: 1024 });
  task.addContainer('web', { image: ecs.ContainerImage.fromRegistry('nginx') });
  const service = new ecs.FargateService(stack, 'Service', {
    cluster,
    taskDefinition: task,
    minHealthyPercent: 100,
    capacityProviderStrategies: strategy,
  });
  service.node.addDependency(vpc, cluster);
  return { stack, cluster, task, service };
}

const cfn = <T>(construct: { readonly node: { readonly defaultChild?: unknown } }) => construct.node.defaultChild as T;
const SPOT = [
  { capacityProvider: 'FARGATE', base: 1, weight: 1 },
  { capacityProvider: 'FARGATE_SPOT', weight: 3 },
];

test('a service takes on-demand and spare capacity of Fargate, as its strategy says', async () => {
  expect(await aws.tryCreate((app) => void onFargate(app, SPOT))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
  const client = aws.client(ECSClient);
  const { clusters } = await client.send(
    new DescribeClustersCommand({ clusters: Object.values(await aws.physicalIds('Fargate-1', /ECS::Cluster$/)) }),
  );
  expect(clusters).toMatchObject([{ capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }]);
  const { services } = await client.send(
    new DescribeServicesCommand({
      cluster: clusters![0].clusterArn,
      services: Object.values(await aws.physicalIds('Fargate-1', 'AWS::ECS::Service')),
    }),
  );
  expect(services).toMatchObject([{ capacityProviderStrategy: SPOT, runningCount: 1 }]);
});

test('a service runs on instances that join its cluster', async () => {
  const build = (owner: string, maxCapacity: number) => (app: App) => {
    const { stack } = onInstances(app, { maxCapacity });
    // The tags of the stack itself cannot change here.
    Tags.of(stack).add('owner', owner, { excludeResourceTypes: ['aws:cdk:stack'] });
  };
  expect(await aws.tryCreate(build('ada', 2))).toEqual({ status: 'CREATE_COMPLETE', why: '' });
  const ids = await aws.physicalIds('Instances-2');
  expect(ids.Cluster3DA9CCBA).toBe(ids.ClusterEB0386A7);
  expect(await aws.tryUpdate(build('bob', 3))).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
  expect(await aws.physicalIds('Instances-2')).toEqual(ids);
  expect(await aws.tryDelete()).toEqual({ status: 'DELETE_COMPLETE', why: '' });
});

type OnInstances = ReturnType<typeof onInstances>;

describe('a service on instances fails', () => {
  test.each<[string, Instances, (parts: OnInstances) => void, RegExp]>([
    [
      'before its cluster has the capacity provider',
      { waitFor: ['Vpc'] },
      () => {},
      /cannot contain a capacity provider that is not associated with the cluster/,
    ],
    [
      'with a launch type beside its strategy',
      {},
      ({ service }) => {
        cfn<ecs.CfnService>(service).launchType = 'EC2';
      },
      /Specifying both a launch type and capacity provider strategy is not supported/,
    ],
    [
      'whose task definition is for Fargate only',
      {},
      ({ task }) => {
        cfn<ecs.CfnTaskDefinition>(task).requiresCompatibilities = ['FARGATE'];
      },
      /The task definition does not support the launch type EC2/,
    ],
    [
      'with public addresses, which there are on Fargate only',
      {},
      ({ service }) =>
        cfn<ecs.CfnService>(service).addPropertyOverride(
          'NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp',
          'ENABLED',
        ),
      /Assign public IP is not supported for this launch type/,
    ],
    [
      'where the instances join another cluster',
      {},
      ({ launchTemplate }) =>
        cfn<ec2.CfnLaunchTemplate>(launchTemplate).addPropertyOverride('LaunchTemplateData.UserData', {
          'Fn::Base64': '#!/bin/bash\necho ECS_CLUSTER=other >> /etc/ecs/ecs.config',
        }),
      /the instances of \S+ join the cluster other, not /,
    ],
    [
      'where they may not join it',
      {},
      ({ stack }) => {
        const policy = stack.node.findChild('Role').node.findChild('DefaultPolicy') as iam.Policy;
        cfn<iam.CfnPolicy>(policy).addPropertyOverride('PolicyDocument.Statement.0.Action', 'ecs:Submit*');
      },
      /the role of the instances \S+ is not authorized to perform ecs:RegisterContainerInstance/,
    ],
    ['where there can be none', { maxCapacity: 0 }, () => {}, /can have no instance: its MaxSize is 0/],
    [
      'where they are too small',
      { instanceType: 't4g.medium' },
      () => {},
      /\(t4g\.medium\) have insufficient memory available: the task needs 4096 MiB of at most 3840/,
    ],
    [
      'where they do not reach ECS',
      { isolated: true },
      ({ vpc }) => {
        for (const [id, service] of Object.entries({ ECS, ECS_AGENT, ECR })) vpc.addInterfaceEndpoint(id, { service });
      },
      /the agents of \S+ cannot reach ECS: .* no endpoint with private DNS of com\.amazonaws\.eu-central-1\.ecs-telemetry/,
    ],
  ])('%s', async (_, props, change, message) => {
    const { status, why } = await aws.tryCreate((app) => change(onInstances(app, props)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});

describe('a group of instances is refused', () => {
  test.each<[string, Instances, (parts: OnInstances) => void, RegExp]>([
    [
      'with an image for another processor',
      { hardware: STANDARD },
      () => {},
      /The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI/,
    ],
    [
      'of a type that there is not',
      { instanceType: 'm7g.huge' },
      () => {},
      /Invalid value 'm7g\.huge' for InstanceType/,
    ],
    [
      'with an image that is not there',
      {},
      ({ launchTemplate }) =>
        cfn<ec2.CfnLaunchTemplate>(launchTemplate).addPropertyOverride(
          'LaunchTemplateData.ImageId',
          'ami-00000000000000000',
        ),
      /The image id '\[ami-00000000000000000\]' does not exist/,
    ],
    [
      'by a launch configuration, which new accounts have no more',
      {},
      ({ stack }) =>
        void new autoscaling.CfnLaunchConfiguration(stack, 'Old', {
          imageId: ecs.EcsOptimizedImage.amazonLinux2023(ARM).getImage(stack).imageId,
          instanceType: 'm7g.large',
        }),
      /The Launch Configuration creation operation is not available in your account/,
    ],
    [
      'whose instances are not protected as its capacity provider wants',
      {},
      ({ autoScalingGroup }) => {
        cfn<autoscaling.CfnAutoScalingGroup>(autoScalingGroup).newInstancesProtectedFromScaleIn = false;
      },
      /the Auto Scaling group must have instance protection from scale in enabled/,
    ],
    [
      'that two capacity providers share',
      {},
      ({ stack, autoScalingGroup }) => void new ecs.AsgCapacityProvider(stack, 'Again', { autoScalingGroup }),
      /already being used by another capacity provider/,
    ],
    [
      'with a capacity provider of a name that ECS keeps for itself',
      {},
      ({ provider }) => {
        cfnOf(provider).name = 'ecs-instances';
      },
      /cannot be prefixed with "aws", "ecs", or "fargate"/,
    ],
  ])('%s', async (_, props, change, message) => {
    const { status, why } = await aws.tryCreate((app) => change(onInstances(app, props)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });

  const cfnOf = (provider: ecs.AsgCapacityProvider) => provider.node.findChild('Provider') as ecs.CfnCapacityProvider;
});

describe('a service on Fargate fails', () => {
  type OnFargate = ReturnType<typeof onFargate>;

  test.each<[string, Parameters<typeof onFargate>[1], boolean, (parts: OnFargate) => void, RegExp]>([
    [
      'with two bases',
      SPOT.map((each) => ({ ...each, base: 1 })),
      true,
      () => {},
      /only one capacity provider with a base/,
    ],
    ['with no weight', SPOT.map((each) => ({ ...each, weight: 0 })), true, () => {}, /a weight greater than zero/],
    ['on capacity that its cluster does not have', SPOT, false, () => {}, /not associated with the cluster: FARGATE\./],
    [
      'of a size that there is not',
      SPOT,
      true,
      ({ task }) => {
        cfn<ecs.CfnTaskDefinition>(task).memory = '8192';
      },
      /No Fargate configuration exists for given values: 512 CPU, 8192 memory/,
    ],
  ])('%s', async (_, strategy, isEnabled, change, message) => {
    const { status, why } = await aws.tryCreate((app) => change(onFargate(app, strategy, isEnabled)));
    expect(why).toMatch(message);
    expect(status).toBe('ROLLBACK_COMPLETE');
  });
});
