import type { IResolvable } from 'aws-cdk-lib';
import { call, check, type State } from './states';

/** What the definition knows of a fleet. Numbers may be tokens. */
export interface FleetInDefinition {
  readonly cluster: string;
  readonly service: string;
  /** As scaling names the service. */
  readonly resourceId: string;
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly graceSeconds: number;
  readonly nodesInMaintenance: number;
  readonly suspended: SuspendedState | IResolvable;
}

/** What scaling may not do by itself, as its API names it. */
export interface SuspendedState {
  readonly DynamicScalingInSuspended: boolean;
  readonly DynamicScalingOutSuspended: boolean;
  readonly ScheduledScalingSuspended: boolean;
}

/** A scheduled action sets bounds of its own, whatever they are. */
export const ALL_SUSPENDED: SuspendedState = {
  DynamicScalingInSuspended: true,
  DynamicScalingOutSuspended: true,
  ScheduledScalingSuspended: true,
};

/** What there is that a maintenance changes or asks. */
export interface MaintenanceSubject {
  readonly fleets: FleetInDefinition[];
  readonly targetGroupArn: string;
  /** What counts as healthy outside of maintenance. */
  readonly healthyCodes: string;
  readonly ruleName: string;
  readonly stackId: string;
}

/** Maintenance was on when the execution began. */
export const IS_ON = { Variable: '$.rule.State', StringEquals: 'ENABLED' };

export const ordered = (order: string): State => ({ Variable: '$.do', StringEquals: order });

/** An end that asks nobody. */
export const FORCED: State[] = [
  { Variable: '$.force', IsPresent: true },
  { Variable: '$.force', BooleanEquals: true },
];

/**
 * A fleet that should have a node and is wanted to have none. That is a restore
 * under way, whose database no node of the newer version may see.
 */
export const WITHOUT_NODES: State[] = [
  { Variable: '$.nodesInMaintenance', NumericGreaterThan: 0 },
  { Variable: '$.now.Desired', NumericEquals: 0 },
];

/** What the load balancer takes for healthy. */
export function healthyCodes({ targetGroupArn }: MaintenanceSubject, codes: string, rest: State): State {
  return call(
    'elasticloadbalancingv2:modifyTargetGroup',
    { TargetGroupArn: targetGroupArn, Matcher: { HttpCode: codes } },
    rest,
  );
}

/** How long after its start no node is replaced for its health. ECS starts no deployment for a change of it. */
export function grace(seconds: number | string, rest: State): State {
  const name = typeof seconds === 'number' ? 'HealthCheckGracePeriodSeconds' : 'HealthCheckGracePeriodSeconds.$';
  return call('ecs:updateService', { 'Cluster.$': '$.cluster', 'Service.$': '$.service', [name]: seconds }, rest);
}

/** Paths to the numbers; without `suspended` what the template says of it. */
export interface Bounds {
  readonly min: string;
  readonly max: string;
  readonly suspended?: SuspendedState;
}

/** Bounds of a fleet, which move its count inside them at once, and whether anything else may set or move them. */
export function bounds({ min, max, suspended }: Bounds, rest: State): State {
  return call(
    'applicationautoscaling:registerScalableTarget',
    {
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      'ResourceId.$': '$.resourceId',
      'MinCapacity.$': min,
      'MaxCapacity.$': max,
      ...(suspended ? { SuspendedState: suspended } : { 'SuspendedState.$': '$.suspended' }),
    },
    rest,
  );
}

/** A node is healthy to the load balancer, and none is in one of these states. */
export function nodesAnswer({ targetGroupArn }: MaintenanceSubject, look: string, none: string[]) {
  const contained = ['healthy', ...none];
  const targets = call(
    'elasticloadbalancingv2:describeTargetHealth',
    { TargetGroupArn: targetGroupArn },
    {
      ResultSelector: Object.fromEntries(
        contained.map((state) => [
          `${state}.$`,
          `States.ArrayContains($.TargetHealthDescriptions[*].TargetHealth.State, '${state}')`,
        ]),
      ),
      ResultPath: '$.targets',
    },
  );
  return check(
    look,
    targets,
    contained.map((state) => ({ Variable: `$.targets.${state}`, BooleanEquals: state === 'healthy' })),
  );
}

/** No deployment of a fleet is under way. */
export const THROUGH: State[] = [
  { Variable: '$.now.Deployments', NumericEquals: 1 },
  { Not: { Variable: '$.now.Rollout', StringEquals: 'IN_PROGRESS' } },
];

/** What ECS says of a fleet. */
export function describe(): State {
  return call(
    'ecs:describeServices',
    { 'Cluster.$': '$.cluster', 'Services.$': 'States.Array($.service)' },
    {
      ResultSelector: {
        'Running.$': '$.Services[0].RunningCount',
        'Pending.$': '$.Services[0].PendingCount',
        'Desired.$': '$.Services[0].DesiredCount',
        'Deployments.$': 'States.ArrayLength($.Services[0].Deployments)',
        'Deployment.$': '$.Services[0].Deployments[0].Id',
        'Rollout.$': '$.Services[0].Deployments[0].RolloutState',
      },
      ResultPath: '$.now',
    },
  );
}
