import { ArnFormat, Aws, type CfnResource, type Duration, Lazy, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { CfnScalableTarget } from 'aws-cdk-lib/aws-applicationautoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct, type IConstruct } from 'constructs';
import { acknowledgeLogGroup } from '../log-group-rules';
import type { INodeFleet } from '../node/node-fleet';
import { checkedMaintenanceAlarmAfter, maintenanceAlarm } from './maintenance-alarm';
import { maintenanceDefinition } from './maintenance-definition';
import { stateMachineName } from './maintenance-flag';
import { maintenanceRole } from './maintenance-permissions';
import type { FleetInDefinition, SuspendedState } from './maintenance-steps';

/** Maintenance on one node, as NocoBase's guide asks for plug-ins, backup, restore and migration. */
export interface IMaintenance {
  /**
   * Takes the cluster to one node and back: executions with the input
   * `{"do": "begin"}`, `{"do": "end"}` and, to replace all nodes by new ones,
   * `{"do": "restart"}`. Each may be repeated. One that cannot do what it should
   * fails with a sentence as its cause. An `end` waits until NocoBase answers;
   * `{"do": "end", "force": true}` does not, and is for one that is broken.
   */
  readonly stateMachine: sfn.StateMachine;

  /** Goes off when a maintenance has been on for `maintenanceAlarmAfter`. It has no actions until you add some. */
  readonly alarm: cloudwatch.Alarm;
}

/** A fleet and what becomes of it in maintenance. */
export interface FleetInMaintenance {
  readonly fleet: INodeFleet;
  /** One for the fleet that serves requests, none for workers. */
  readonly nodesInMaintenance: 0 | 1;
}

export interface MaintenanceProps {
  readonly fleets: FleetInMaintenance[];
  readonly targetGroup: elbv2.ApplicationTargetGroup;
  /** That of the rule which is enabled while maintenance is on; see `maintenanceRuleName`. */
  readonly ruleName: string;
  readonly alarmAfter: Duration;
}

/**
 * A state machine that takes the cluster to one node and back, and the rule that
 * says whether maintenance is on.
 *
 * A rule that is enabled runs the state machine every 15 minutes. That holds what
 * `begin` has set, and an alarm counts it. No execution lasts as long as a
 * maintenance, so the stack can be deleted at any time.
 */
export class Maintenance extends Construct implements IMaintenance {
  public readonly stateMachine: sfn.StateMachine;
  public readonly alarm: cloudwatch.Alarm;

  /** What executions change, and a deployment would change back. */
  public readonly changes: CfnResource[];

  constructor(scope: Construct, id: string, props: MaintenanceProps) {
    super(scope, id);
    const alarmAfter = checkedMaintenanceAlarmAfter(this, props.alarmAfter);
    const { targetGroup, ruleName } = props;
    const { targetGroupArn } = targetGroup;
    const stack = Stack.of(this);

    const logGroup = new logs.LogGroup(this, 'Logs', {
      // Without this prefix each state machine is added to one policy of the account, which has a largest size.
      logGroupName: `/aws/vendedlogs/states/${Aws.STACK_NAME}-Maintenance-${this.node.addr.slice(-8)}`,
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledgeLogGroup(logGroup);

    const fleets = props.fleets.map(inDefinition);
    const definition = maintenanceDefinition({
      fleets,
      targetGroupArn,
      // As late as it may be set.
      healthyCodes: Lazy.string({ produce: () => targetGroup.healthCheck?.healthyHttpCodes ?? '200' }),
      ruleName,
      stackId: stack.stackId,
    });
    const name = stateMachineName(this);
    const starter = startingRole(this, name);
    this.stateMachine = new sfn.StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      definitionBody: sfn.DefinitionBody.fromString(stack.toJsonString(definition)),
      role: maintenanceRole(this, {
        serviceArns: fleets.map(({ service }) => service),
        targetGroupArn,
        ruleArn: stack.formatArn({ service: 'events', resource: 'rule', resourceName: ruleName }),
        stackId: stack.stackId,
      }),
      // All: the alarm counts what is logged. There is nothing secret in what goes in and out.
      logs: { destination: logGroup, level: sfn.LogLevel.ALL, includeExecutionData: true },
    });
    // The first to go: with the scalable target gone, one that still ran would register another.
    this.stateMachine.node.addDependency(...props.fleets.map(({ fleet }) => fleet.scaling), starter);
    const reason = 'The log has every step of the few executions there are; a trace would add nothing.';
    Validations.of(this.stateMachine).acknowledge(
      { id: 'AwsSolutions-SF2', reason },
      { id: 'cdk-validator-cfnguard::step_functions_state_machine_tracing_enabled_check', reason },
    );

    const rule = this.makeRule(ruleName, starter);
    this.alarm = maintenanceAlarm(this, logGroup, alarmAfter);
    this.changes = [
      ...props.fleets.flatMap(({ fleet }) => [serviceOf(fleet), scalableTargetOf(fleet)]),
      resourceOf(targetGroup),
      rule,
    ];
  }

  private makeRule(name: string, role: iam.IRole): events.CfnRule {
    return new events.CfnRule(this, 'Hold', {
      name,
      description: `Enabled while maintenance of the NocoBase cluster is on: end that, rather than disable this (${Aws.STACK_NAME})`,
      scheduleExpression: 'rate(15 minutes)',
      state: 'DISABLED',
      targets: [
        {
          id: 'Hold',
          arn: this.stateMachine.stateMachineArn,
          roleArn: role.roleArn,
          input: JSON.stringify({ do: 'hold' }),
        },
      ],
    });
  }
}

/** For the rule. It knows the state machine by its name, and so is there before it. */
function startingRole(scope: Construct, stateMachine: string): iam.Role {
  const stateMachineArn = Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: stateMachine,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const start = new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] });
  return new iam.Role(scope, 'HoldRole', {
    assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
    inlinePolicies: { Start: new iam.PolicyDocument({ statements: [start] }) },
  });
}

function inDefinition({ fleet, nodesInMaintenance }: FleetInMaintenance): FleetInDefinition {
  const target = scalableTargetOf(fleet);
  const { minCapacity, maxCapacity, resourceId } = target;
  return {
    cluster: fleet.service.cluster.clusterName,
    service: fleet.service.serviceArn,
    resourceId,
    minNodes: minCapacity,
    maxNodes: maxCapacity,
    graceSeconds: serviceOf(fleet).healthCheckGracePeriodSeconds!,
    nodesInMaintenance,
    // As late as it may be set.
    suspended: Lazy.any({ produce: () => suspendedState(target.stack.resolve(target.suspendedState)) }),
  };
}

function suspendedState(given: CfnScalableTarget.SuspendedStateProperty = {}): SuspendedState {
  return {
    DynamicScalingInSuspended: (given.dynamicScalingInSuspended ?? false) as boolean,
    DynamicScalingOutSuspended: (given.dynamicScalingOutSuspended ?? false) as boolean,
    ScheduledScalingSuspended: (given.scheduledScalingSuspended ?? false) as boolean,
  };
}

function serviceOf({ service }: INodeFleet): ecs.CfnService {
  return resourceOf(service) as ecs.CfnService;
}

function scalableTargetOf({ scaling }: INodeFleet): CfnScalableTarget {
  return resourceOf(scaling.node.findChild('Target')) as CfnScalableTarget;
}

function resourceOf(construct: IConstruct): CfnResource {
  return (construct.node.defaultChild ?? construct) as CfnResource;
}
