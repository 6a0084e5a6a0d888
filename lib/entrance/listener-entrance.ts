import { Token, Validations } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { checkRequired, checkRequiredConstruct } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';
import { checkDomainName } from './domain-name';
import type { EntranceBinding, EntranceContext } from './entrance';
import type { ListenerEntranceOptions } from './entrance-options';
import { checkListener } from './given-load-balancer';
import { checkVpc, knownListener, knownLoadBalancer, warnOfIdleTimeout, waysToNodes } from './known-resources';
import { checkPriority, claimConditions, ruleConditions } from './listener-rule';
import { NodesTargetGroup } from './nodes-target-group';
import { checkPriorityIsFree, warnOfEarlierRule } from './other-rules';

export interface ListenerEntranceProps extends ListenerEntranceOptions, EntranceContext {
  readonly listener: elbv2.IApplicationListener;
}

/** A rule of somebody else's listener. All that is made for it is made here, and not where the listener is. */
export class ListenerEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: ListenerEntranceProps) {
    super(scope, id);
    const { listener, priority, domainName, publicPath } = props;
    const imported = 'ApplicationListener.fromApplicationListenerAttributes(this, id, { listenerArn, securityGroup })';
    checkRequiredConstruct(this, 'entrance.listener', listener, imported);
    checkRequired(this, { 'entrance.priority': priority });
    checkDomainName(this, domainName);
    checkPriority(this, priority);
    checkListener(this, listener);
    checkVpc(scope, 'entrance.listener', props.vpc, vpcOf(listener));
    const conditions = ruleConditions(this, props.conditions, props);
    claimConditions(this, conditions, props);

    const targetGroup = new NodesTargetGroup(this, 'Nodes', props);
    targetGroup.renewWith(listener, listener.listenerArn);
    const rule = new elbv2.ApplicationListenerRule(this, 'Rule', {
      listener: withRulesOfTheNodes(listener),
      priority,
      conditions,
      targetGroups: [targetGroup],
    });
    // Nodes wait for the rule, and so for the way from the load balancer to them.
    rule.node.addDependency(...waysToNodes(this, listener));

    const known = knownListener(listener.listenerArn);
    const made = rule.node.defaultChild as elbv2.CfnListenerRule;
    this.node.addValidation({
      validate: () => {
        warnOfIdleTimeout(this, known && knownLoadBalancer(known.loadBalancerArn));
        warnOfEarlierRule(this, made);
        return checkPriorityIsFree(this, made);
      },
    });
    this.binding = {
      url: `${this.origin(props, known)}${publicPath}`,
      targetGroup,
      listener,
      listenerRule: rule,
      forwardedProto: props.forwardedProto,
    };
  }

  /** Protocol, name and port by which users come. */
  private origin({ listener, domainName, forwardedProto }: ListenerEntranceProps, known?: elbv2.CfnListener): string {
    if (forwardedProto !== undefined) {
      this.checkProtocol(forwardedProto);
      return `${forwardedProto}://${domainName}`;
    }
    const port = known?.port ?? listener.connections.defaultPort?.toRuleJson().fromPort;
    const isHttp = known?.protocol === elbv2.ApplicationProtocol.HTTP || port === 80;
    if (isHttp) {
      Validations.of(this).addWarning(
        'cdk-nocobase:http-listener',
        "The listener speaks plain HTTP: passwords travel in clear text. If something in front of the load balancer ends TLS, write Entrance.listener(listener, { forwardedProto: 'https', … }), or NocoBase refuses to sign users in; otherwise use a listener that speaks HTTPS.",
      );
    }
    const isUsual = port === undefined || Token.isUnresolved(port) || port === (isHttp ? 80 : 443);
    return `${isHttp ? 'http' : 'https'}://${domainName}${isUsual ? '' : `:${port}`}`;
  }

  private checkProtocol(forwardedProto: string) {
    if (isKnown(forwardedProto) && !['https', 'http'].includes(forwardedProto)) {
      throw invalidProp(this, {
        prop: 'entrance.forwardedProto',
        problem: `must be 'https' or 'http', got: '${forwardedProto}'`,
        remedy: "Write 'https' where TLS ends in front of the load balancer, and leave it out otherwise",
      });
    }
  }
}

function vpcOf(listener: elbv2.IApplicationListener): ec2.IVpc | undefined {
  return listener instanceof elbv2.ApplicationListener ? listener.loadBalancer.vpc : undefined;
}

/**
 * The listener, but what lets it reach the nodes is written where the nodes are.
 * The CDK would write that where an imported listener is, and the stack of that
 * would depend on this one, from which it may have taken nothing before.
 */
function withRulesOfTheNodes(listener: elbv2.IApplicationListener): elbv2.IApplicationListener {
  if (listener instanceof elbv2.ApplicationListener) {
    return listener;
  }
  const registerConnectable = (nodes: ec2.IConnectable, ports: ec2.Port) =>
    nodes.connections.allowFrom(listener, ports, 'Load balancer to target');
  return Object.create(listener, { registerConnectable: { value: registerConnectable } });
}
