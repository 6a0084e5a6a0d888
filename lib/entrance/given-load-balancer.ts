import { type CfnResource, Stack, Token } from 'aws-cdk-lib';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct, IConstruct } from 'constructs';
import { invalidProp, isPending } from '../invalid-prop';
import { checkRegion } from '../same-region';
import { knownListener, knownLoadBalancer } from './known-resources';

/** What an entrance of somebody else's load balancer is given. */
interface Given {
  readonly prop: string;
  readonly construct: IConstruct;
  readonly arn: string;
  /** The resource, where it is made in the app. */
  readonly made?: CfnResource;
  /** Whether it is seen to be of another kind of load balancer. */
  readonly isOfAnother: boolean;
  readonly what: string;
  /** What stands in the ARN. */
  readonly words: string;
  readonly command: string;
  readonly classes: string;
}

export function checkListener(scope: Construct, listener: elbv2.IApplicationListener) {
  check(scope, {
    prop: 'entrance.listener',
    construct: listener,
    arn: listener.listenerArn,
    made: knownListener(listener.listenerArn),
    isOfAnother: listener.connections === undefined,
    what: 'a listener of an application load balancer',
    words: 'listener/app',
    command: 'describe-listeners',
    classes: 'elbv2.ApplicationListener',
  });
}

export function checkLoadBalancer(scope: Construct, loadBalancer: elbv2.IApplicationLoadBalancer) {
  const made = knownLoadBalancer(loadBalancer.loadBalancerArn);
  const { type = 'application' } = made ?? {};
  check(scope, {
    prop: 'entrance.loadBalancer',
    construct: loadBalancer,
    arn: loadBalancer.loadBalancerArn,
    made,
    isOfAnother: !Token.isUnresolved(type) && type !== 'application',
    what: 'an application load balancer',
    words: 'loadbalancer/app',
    command: 'describe-load-balancers',
    classes: 'elbv2.ApplicationLoadBalancer',
  });
}

function check(scope: Construct, { prop, construct, arn, made, isOfAnother, what, words, command, classes }: Given) {
  if (isPending(arn)) return;
  const [, region = made && Stack.of(made).region] =
    new RegExp(`^arn:[\\w-]+:elasticloadbalancing:([a-z0-9-]+):\\d{12}:${words}/`).exec(arn) ?? [];
  if (region === undefined && !Token.isUnresolved(arn)) {
    throw invalidProp(scope, {
      prop,
      problem: `'${arn}' is not the ARN of ${what}`,
      remedy: `It has the words ${words} in it; \`aws elbv2 ${command}\` prints it`,
    });
  }
  if (isOfAnother) {
    throw invalidProp(scope, {
      prop,
      problem: `[${construct.node.path}] is not ${what}`,
      remedy: `Give an ${classes}, made in the app or imported`,
    });
  }
  if (region === undefined) return;
  checkRegion(scope, prop, { region, remedy: 'Put the cluster into the region of the load balancer' });
}
