import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { checkedSubnets } from '../network/subnet-checks';
import { usualType } from '../network/usual-subnets';
import { TIMING } from '../node/timing';
import { keepAccessLogs } from './access-logs';
import type { EntranceContext } from './entrance';
import type { EntranceOptions } from './entrance-options';
import { NodesTargetGroup } from './nodes-target-group';
import { protectLoadBalancer } from './web-acl';

export interface LoadBalancerProps extends EntranceOptions, EntranceContext {
  readonly internetFacing?: boolean;
}

/** The application load balancer of an entrance and the nodes behind it. */
export class LoadBalancer extends Construct {
  /** The one of an entrance, internet-facing unless told otherwise. */
  public static of(entrance: Construct, props: LoadBalancerProps): LoadBalancer {
    const { internetFacing = true } = props;
    // Two ids, because a target group belongs to one load balancer at a time: a change between the two kinds, which
    // replaces the load balancer, needs another of each.
    return new LoadBalancer(entrance, internetFacing ? 'LoadBalancer' : 'InternalLoadBalancer', {
      ...props,
      internetFacing,
    });
  }

  public readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  public readonly targetGroup: elbv2.ApplicationTargetGroup;

  private constructor(scope: Construct, id: string, props: LoadBalancerProps & { readonly internetFacing: boolean }) {
    super(scope, id);
    const vpcSubnets = checkedSubnets(this, props.vpc, {
      prop: props.subnets ? 'subnets.entrance' : 'vpc',
      selection: props.internetFacing ? this.publicSubnets(props) : this.internalSubnets(props),
      onePerZone: true,
      fewestZones: 2,
      insteadBy: props.subnets ? undefined : 'subnets.entrance',
    });
    if (props.internetFacing) this.refuseClosed(props.vpc, vpcSubnets);
    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'Alb', {
      vpc: props.vpc,
      internetFacing: props.internetFacing,
      vpcSubnets,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
      deletionProtection: props.deletionProtection ?? false,
      idleTimeout: TIMING.idleTimeout,
    });
    if (props.webAclArn !== undefined) {
      protectLoadBalancer(this, props.webAclArn, this.loadBalancer.loadBalancerArn);
    }
    if (props.accessLogs) {
      keepAccessLogs(this, this.loadBalancer, props.accessLogs);
    } else {
      const logs = 'Kept by choice, with the `accessLogs` option of the entrance; NocoBase logs requests itself.';
      Validations.of(this.loadBalancer).acknowledge(
        { id: 'AwsSolutions-ELB2', reason: logs },
        { id: 'cdk-validator-cfnguard::elbv2_logging_enabled_check', reason: logs },
      );
    }
    if (!props.deletionProtection) {
      Validations.of(this.loadBalancer).acknowledge({
        id: 'cdk-validator-cfnguard::elbv2_deletion_protection_enabled_check',
        reason: 'It holds no data; `deletionProtection` of the entrance protects it where its name matters.',
      });
    }
    this.targetGroup = new NodesTargetGroup(this, 'Nodes', props);
  }

  /** Passes plain HTTP on to the nodes. */
  public listenHttp(whyNotHttps: string): elbv2.ApplicationListener {
    const listener = this.loadBalancer.addListener('Http', {
      port: 80,
      protocol: elbv2.ApplicationProtocol.HTTP,
      open: false,
      defaultTargetGroups: [this.targetGroup],
    });
    Validations.of(listener).acknowledge({
      id: 'cdk-validator-cfnguard::alb_http_to_https_redirection_check',
      reason: whyNotHttps,
    });
    return listener;
  }

  private publicSubnets({ vpc, subnets }: EntranceContext): ec2.SubnetSelection {
    if (subnets === undefined && vpc.publicSubnets.length === 0) {
      throw invalidProp(this, {
        prop: 'entrance',
        problem: 'needs public subnets for its load balancer, and the `vpc` has none',
        remedy:
          'Give the VPC public subnets in two availability zones, or use Entrance.cloudFront(), which needs an internet gateway on the VPC and no public subnets; `internetFacing: false` is for users inside the network',
      });
    }
    return subnets ?? { subnetType: ec2.SubnetType.PUBLIC };
  }

  private refuseClosed(vpc: ec2.IVpc, selection: ec2.SubnetSelection) {
    const closed = new Set([...vpc.privateSubnets, ...vpc.isolatedSubnets].map(({ subnetId }) => subnetId));
    if (vpc.selectSubnets(selection).subnets.some(({ subnetId }) => closed.has(subnetId))) {
      throw invalidProp(this, {
        prop: 'subnets.entrance',
        problem: 'has subnets without a route from the internet, and the load balancer faces it',
        remedy: 'Select public subnets, or write internetFacing: false for users inside the network',
      });
    }
  }

  private internalSubnets({ vpc, subnets }: EntranceContext): ec2.SubnetSelection {
    if (subnets !== undefined) return subnets;
    if (vpc.privateSubnets.length + vpc.isolatedSubnets.length > 0) {
      return { subnetType: usualType(vpc, [ec2.SubnetType.PRIVATE_WITH_EGRESS, ec2.SubnetType.PRIVATE_ISOLATED]) };
    }
    throw invalidProp(this, {
      prop: 'subnets.entrance',
      problem: 'is missing: the load balancer is internal, and the `vpc` names no private subnets for it',
      remedy: 'Name subnets in two availability zones; those of the nodes will do',
    });
  }
}
