import { Duration, Size, Stack, Validations } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, type IDependable } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { HEALTH_CHECK_COMMAND, renderLauncherCommand } from '../launcher/launcher';
import { propertiesOf } from '../preflight/properties';
import { renewWith } from '../renewed-resource';
import { associationsOf, checkAssociations, type NodeCapacity } from './node-capacity';
import type { NodeConfiguration } from './node-configuration';
import type { NodeSize } from './node-size';
import { NODE_PORT, TIMING } from './timing';
import type { DeploymentPercentages, FleetSize } from './worker-id-budget';

/** Where NocoBase keeps its files; the guide's baseline is to share all of it. */
const STORAGE_PATH = '/app/nocobase/storage';

/** 64 KB are what ECS takes; what CloudFormation fills in (names, ARNs) needs the rest. */
const LARGEST_DEFINITION = 58 * 1024;

/** Mean CPU of the fleet that scaling aims at. */
const TARGET_CPU_PERCENT = 60;

/** Nodes of one kind: a task definition, its service and the scaling of it. */
export interface INodeFleet extends ec2.IConnectable, iam.IGrantable {
  /**
   * What a node is. Changing it is a deployment, and makes another one of the
   * same family, with another ARN. In another stack name its `family`, by which
   * ECS takes the latest: an ARN that is imported there keeps this stack from
   * being deployed with another.
   */
  readonly taskDefinition: ecs.TaskDefinition;

  /** The container in which NocoBase runs. */
  readonly container: ecs.ContainerDefinition;

  /** The service that keeps the nodes running. */
  readonly service: ecs.BaseService;

  /** Bounds and metrics by which the fleet grows and shrinks. */
  readonly scaling: ecs.ScalableTaskCount;
}

export interface NodeFleetProps {
  readonly cluster: ecs.ICluster;
  readonly subnets: ec2.ISubnet[];
  readonly securityGroup: ec2.ISecurityGroup;
  readonly image: ecs.ContainerImage;
  readonly configuration: NodeConfiguration;
  readonly volume: ecs.EfsVolumeConfiguration;
  readonly policies: iam.PolicyStatement[];
  readonly cpuArchitecture: ecs.CpuArchitecture;
  readonly capacity: NodeCapacity;
  readonly nodeSize: NodeSize;
  readonly size: FleetSize;
  readonly deployment: DeploymentPercentages;
  readonly upgradeTimeout: Duration;
  readonly upgradeTries: number;
  /** Whether its nodes may install and upgrade; those of other fleets wait for them. */
  readonly begins: boolean;
  /** What has to be there before the first node starts. */
  readonly startAfter: IDependable[];
  readonly logGroup: logs.ILogGroup;
  readonly enableExecuteCommand: boolean;
}

/**
 * Nodes of one kind: a task definition, its service and the scaling of it.
 *
 * The desired count is not in the template (but where it is always one):
 * CloudFormation would write it again at every update. A new service begins with one node, which installs; when it
 * is healthy the scalable target raises the count to its minimum.
 */
export class NodeFleet extends Construct implements INodeFleet {
  public readonly taskDefinition: ecs.TaskDefinition;
  public readonly container: ecs.ContainerDefinition;
  public readonly service: ecs.BaseService;
  public readonly scaling: ecs.ScalableTaskCount;
  public readonly connections: ec2.Connections;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: NodeFleetProps) {
    super(scope, id);

    this.taskDefinition = new ecs.TaskDefinition(this, 'TaskDefinition', {
      cpu: String(props.nodeSize.cpu),
      memoryMiB: String(props.nodeSize.memoryLimitMiB),
      networkMode: ecs.NetworkMode.AWS_VPC,
      volumes: [{ name: 'storage', efsVolumeConfiguration: props.volume }],
      ...platform(props),
    });
    this.grantPrincipal = this.taskDefinition.taskRole;
    for (const policy of props.policies) {
      this.taskDefinition.addToTaskRolePolicy(policy);
    }

    this.container = this.taskDefinition.addContainer('NocoBase', {
      image: props.image,
      command: renderLauncherCommand(),
      environment: { ...props.configuration.environment, ...(props.begins ? {} : { LAUNCHER_BEGINS: 'never' }) },
      secrets: props.configuration.secrets,
      portMappings: [{ containerPort: NODE_PORT, name: 'http' }],
      logging: ecs.LogDrivers.awsLogs({
        logGroup: props.logGroup,
        streamPrefix: props.size.prop,
        // A hiccup of CloudWatch must not stop NocoBase in the middle of a line.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
      // Reaps the processes that PM2 leaves behind; passes signals on to the launcher only.
      linuxParameters: new ecs.LinuxParameters(this, 'LinuxParameters', { initProcessEnabled: true }),
      stopTimeout: TIMING.stop,
      healthCheck: {
        command: HEALTH_CHECK_COMMAND,
        interval: Duration.seconds(15),
        timeout: Duration.seconds(10),
        retries: 8,
        startPeriod: Duration.minutes(5),
      },
    });
    this.container.addMountPoints({ containerPath: STORAGE_PATH, sourceVolume: 'storage', readOnly: false });
    // A change of it would otherwise be a replacement, and CloudFormation makes none while rollback is switched off: a
    // first deployment that failed with `--no-rollback` could not be mended.
    renewWith(this.cfnTaskDefinition, () => this.definition());

    this.service = this.run(props);
    // What a task needs and nothing else waits for: the policy of the role that fetches its secrets, and in a new VPC
    // the way out by which its image is pulled.
    this.service.node.defaultChild!.node.addDependency(
      ...props.startAfter,
      this.taskDefinition.executionRole!,
      ...props.subnets.map(({ internetConnectivityEstablished }) => internetConnectivityEstablished),
      associationsOf(props.cluster),
    );
    this.node.addValidation({
      validate: () => [...this.checkSize(), ...checkAssociations(this, props.cluster, props.capacity)],
    });
    this.connections = this.service.connections;

    this.scaling = this.service.autoScaleTaskCount({
      minCapacity: props.size.minNodes,
      maxCapacity: props.size.maxNodes,
    });
    if (props.size.maxNodes > props.size.minNodes) {
      this.scaling.scaleOnCpuUtilization('Cpu', {
        targetUtilizationPercent: TARGET_CPU_PERCENT,
        // A node takes half a minute to start: one step at a time.
        scaleOutCooldown: Duration.minutes(2),
        scaleInCooldown: Duration.minutes(10),
      });
    }
    this.acknowledge(props);
  }

  private run(props: NodeFleetProps): ecs.BaseService {
    const settings = {
      cluster: props.cluster,
      taskDefinition: this.taskDefinition,
      // Themselves: the network that the ECS cluster was given with may be described in less detail.
      vpcSubnets: { subnets: props.subnets },
      securityGroups: [props.securityGroup],
      capacityProviderStrategies: props.capacity.strategies,
      // A single node is single from the moment the service is updated; the scalable target, which comes after the
      // service, would be too late.
      desiredCount: props.size.maxNodes === 1 ? 1 : undefined,
      minHealthyPercent: props.deployment.minimumHealthyPercent,
      maxHealthyPercent: props.deployment.maximumPercent,
      // Unset would mean enabled, and ECS refuses that together with 100%.
      availabilityZoneRebalancing:
        props.deployment.maximumPercent > 100
          ? ecs.AvailabilityZoneRebalancing.ENABLED
          : ecs.AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { enable: true, rollback: true },
      // Counts from the start of a task, and a node may wait for each try of others before its own. The launcher is the
      // judge of health in time.
      healthCheckGracePeriod: Duration.seconds(props.upgradeTimeout.toSeconds() * (props.upgradeTries + 1)).plus(
        Duration.seconds(2 * TIMING.start.toSeconds()),
      ),
      enableExecuteCommand: props.enableExecuteCommand,
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    };
    return props.capacity.onEc2
      ? new ecs.Ec2Service(this, 'Service', {
          ...settings,
          placementStrategies: [ecs.PlacementStrategy.spreadAcross(ecs.BuiltInAttributes.AVAILABILITY_ZONE)],
        })
      : new ecs.FargateService(this, 'Service', { ...settings, assignPublicIp: false });
  }

  /** All that makes a node, with tokens: where it changes, nodes start. Its tags do not. */
  public definition(): readonly object[] {
    const [{ tags, ...properties }, overrides] = propertiesOf(this.cfnTaskDefinition);
    return [properties, overrides];
  }

  private get cfnTaskDefinition() {
    return this.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition;
  }

  /** ECS refuses a larger task definition only after the database and the broker have been made. */
  private checkSize(): string[] {
    const { containerDefinitions } = this.cfnTaskDefinition;
    const bytes = Buffer.byteLength(JSON.stringify(Stack.of(this).resolve(containerDefinitions)));
    if (bytes <= LARGEST_DEFINITION) {
      return [];
    }
    const details = {
      prop: 'environment',
      problem: `and what else a node is told come to ${Math.ceil(bytes / 1024)} KB, and a task definition takes 64`,
      remedy:
        'Shorten `environment` or `database.caCertificate` (one certificate, not a bundle), or keep long values in a Secret',
    };
    return [invalidProp(this, details).message];
  }

  private acknowledge(props: NodeFleetProps) {
    Validations.of(this.taskDefinition).acknowledge(
      {
        id: 'AwsSolutions-ECS2',
        reason: 'These variables hold nothing secret; what is secret is injected from Secrets Manager.',
      },
      {
        id: 'cdk-validator-cfnguard::ecs_task_definition_nonroot_user_check',
        reason: 'The NocoBase image runs as root and writes into its own directories.',
      },
      {
        id: 'cdk-validator-cfnguard::ecs_containers_readonly_access_check',
        reason: 'NocoBase links plug-ins into its node_modules when it starts.',
      },
      {
        id: 'cdk-validator-cfnguard::ecs_task_definition_memory_hard_limit_check',
        reason: 'On Fargate the limit is that of the task, which this container has to itself.',
      },
      {
        id: 'CloudFormation-Validate::E1029',
        reason:
          'What looks like a parameter of Fn::Sub in the command is shell and JavaScript, and is to stay as it is.',
      },
    );
    if (props.enableExecuteCommand) {
      Validations.of(this.taskDefinition.taskRole).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason:
          'The actions of ECS Exec (ssmmessages, and logs for its sessions) have no resource to name; it was switched on by the user.',
      });
    }
  }
}

/** Fargate provides the processor that is asked for; of instances those with another one are passed over. */
function platform({ capacity, cpuArchitecture }: NodeFleetProps) {
  if (!capacity.onEc2) {
    return {
      compatibility: ecs.Compatibility.FARGATE,
      runtimePlatform: { cpuArchitecture, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
    };
  }
  const name = cpuArchitecture._cpuArchitecture === 'ARM64' ? 'arm64' : 'x86_64';
  return {
    compatibility: ecs.Compatibility.EC2,
    placementConstraints: [ecs.PlacementConstraint.memberOf(`attribute:ecs.cpu-architecture == ${name}`)],
  };
}
