import type { Properties } from '../critical-path/template';
import { conditionsOf } from './listener-rule';
import type { LoadBalancerSettings } from './load-balancer';
import type { StackResource, Stacks } from './stacks';

const TARGET_GROUP = 'AWS::ElasticLoadBalancingV2::TargetGroup';
const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const LISTENER_RULE = 'AWS::ElasticLoadBalancingV2::ListenerRule';
const LOAD_BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';

/** What Elastic Load Balancing has, in seconds, where a template says nothing. */
const DEFAULTS = { 'idle_timeout.timeout_seconds': 60, 'deregistration_delay.timeout_seconds': 300 };

/** How requests come to the nodes of a service: by its target group, and by the listener that passes them on to that. */
export function entranceOf(stacks: Stacks, service: StackResource): LoadBalancerSettings {
  const [{ TargetGroupArn }] = service.property('LoadBalancers');
  const group = stacks.resource(TARGET_GROUP, TargetGroupArn, `${service.name}.LoadBalancers`);
  const { listener, conditions } = wayTo(stacks, group);
  const loadBalancer = stacks.resource(
    LOAD_BALANCER,
    listener.property('LoadBalancerArn'),
    `${listener.name}.LoadBalancerArn`,
  );
  return {
    path: group.property('HealthCheckPath'),
    matcher: group.property('Matcher').HttpCode,
    interval: group.property('HealthCheckIntervalSeconds') * 1000,
    timeout: group.property('HealthCheckTimeoutSeconds') * 1000,
    healthyThreshold: group.property('HealthyThresholdCount'),
    unhealthyThreshold: group.property('UnhealthyThresholdCount'),
    deregistrationDelay: seconds(group, 'TargetGroupAttributes', 'deregistration_delay.timeout_seconds'),
    idleTimeout: seconds(loadBalancer, 'LoadBalancerAttributes', 'idle_timeout.timeout_seconds'),
    protocol: String(listener.property('Protocol')).toLowerCase(),
    port: listener.property('Port'),
    conditions,
    users: usersUrl(stacks),
  };
}

/** The listener that passes requests on to a target group, all of them or those of a rule. */
function wayTo(stacks: Stacks, group: StackResource) {
  const leadsThere = (property: string) => (resource: StackResource) =>
    resource.property(property).some((action: Properties) => targetsOf(action).includes(group.ref));
  const rules = stacks.all(LISTENER_RULE).filter(leadsThere('Actions'));
  const listeners = stacks.all(LISTENER).filter(leadsThere('DefaultActions'));
  const ways = [...rules, ...listeners];
  if (ways.length !== 1) {
    const found = ways.length === 0 ? 'there is none' : `there are ${ways.map(({ name }) => name).join(', ')}`;
    throw new Error(`One listener, or rule of one, that passes requests on to ${group.name} is needed; ${found}.`);
  }
  const [rule] = rules;
  if (rule === undefined) return { listener: listeners[0], conditions: [] };
  return {
    listener: stacks.resource(LISTENER, rule.property('ListenerArn'), `${rule.name}.ListenerArn`),
    conditions: conditionsOf(rule.property('Conditions'), `${rule.name}.Conditions`),
  };
}

function targetsOf({ TargetGroupArn, ForwardConfig }: Properties): string[] {
  return [TargetGroupArn, ...(ForwardConfig?.TargetGroups ?? []).map((target: Properties) => target.TargetGroupArn)];
}

/** Where the cluster says that users find NocoBase. */
function usersUrl(stacks: Stacks): URL {
  const urls = stacks.outputs('Where users find NocoBase');
  if (urls.length !== 1) throw new Error(`One output with the URL of NocoBase is needed; there are ${urls.length}.`);
  return new URL(urls[0]);
}

function seconds(resource: StackResource, property: string, key: keyof typeof DEFAULTS): number {
  const found = resource.property(property)?.find(({ Key }: { Key: string }) => Key === key);
  return Number(found?.Value ?? DEFAULTS[key]) * 1000;
}
