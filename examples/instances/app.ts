// Nodes on instances of an ECS cluster that is there already, e.g. because its capacity is reserved and paid for.
// Those of one application load balancer and one database still, but ECS places them where the owner has room.
import { App, Stack } from 'aws-cdk-lib';
import { AutoScalingGroup, BlockDeviceVolume, Monitoring } from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ClusterPlugins, Entrance, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before: a network, an ECS cluster, and its instances. */
class Platform extends Stack {
  readonly ecsCluster: ecs.Cluster;
  readonly capacity: ecs.AsgCapacityProvider;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
    this.ecsCluster = new ecs.Cluster(this, 'Ecs', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
    this.capacity = new ecs.AsgCapacityProvider(this, 'Capacity', {
      autoScalingGroup: new AutoScalingGroup(this, 'Instances', {
        vpc,
        // 4 vCPU, 16 GiB and four network interfaces: room for two nodes of the usual size, and for what an update adds.
        instanceType: new ec2.InstanceType('m7g.xlarge'),
        machineImage: ecs.EcsOptimizedImage.amazonLinux2023(ecs.AmiHardwareType.ARM),
        minCapacity: 2,
        maxCapacity: 6,
        instanceMonitoring: Monitoring.DETAILED,
        requireImdsv2: true,
        blockDevices: [{ deviceName: '/dev/xvda', volume: BlockDeviceVolume.ebs(60, { encrypted: true }) }],
      }),
    });
    this.ecsCluster.addAsgCapacityProvider(this.capacity);
  }
}

export function build(app: App): Stack[] {
  const platform = new Platform(app, 'InstancesPlatform');
  const stack = new Stack(app, 'Instances');
  new NocoBaseCluster(stack, 'NocoBase', {
    ecsCluster: platform.ecsCluster,
    capacityProviderStrategies: [{ capacityProvider: platform.capacity.capacityProviderName, weight: 1 }],
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    entrance: Entrance.cloudFront(),
  });
  return [platform, stack];
}

build(new App());
