import { isIPv4 } from 'node:net';
import { Stack, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { NODE_PORT, TIMING } from '../node/timing';
import type { EntranceContext, EntranceOptions } from './entrance';

export interface LoadBalancerProps extends EntranceOptions, EntranceContext {
  readonly internetFacing: boolean;
}

/** The application load balancer of an entrance and the nodes behind it. */
export class LoadBalancer extends Construct {
  public readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  public readonly targetGroup: elbv2.ApplicationTargetGroup;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    if (props.internetFacing && props.vpc.publicSubnets.length === 0) {
      throw invalidProp(this, {
        prop: 'entrance',
        problem: 'needs public subnets for its load balancer, and the `vpc` has none',
        remedy:
          'Give the VPC public subnets in two availability zones, or use Entrance.cloudFront(), which needs an internet gateway on the VPC and no public subnets',
      });
    }
    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'Alb', {
      vpc: props.vpc,
      internetFacing: props.internetFacing,
      vpcSubnets: {
        subnetType: props.internetFacing ? ec2.SubnetType.PUBLIC : ec2.SubnetType.PRIVATE_WITH_EGRESS,
        onePerAz: true,
      },
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
      deletionProtection: props.deletionProtection ?? false,
      idleTimeout: TIMING.idleTimeout,
    });
    if (props.accessLogs) {
      this.checkRegion();
      this.loadBalancer.logAccessLogs(props.accessLogs, 'alb');
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

    this.targetGroup = new elbv2.ApplicationTargetGroup(this, 'Nodes', {
      vpc: props.vpc,
      targetType: elbv2.TargetType.IP,
      protocol: elbv2.ApplicationProtocol.HTTP,
      port: NODE_PORT,
      targets: [props.target],
      deregistrationDelay: TIMING.drain,
      healthCheck: {
        path: healthPath(props.publicPath),
        healthyHttpCodes: '200',
        interval: TIMING.healthInterval,
        timeout: TIMING.healthTimeout,
        healthyThresholdCount: TIMING.healthyThreshold,
        unhealthyThresholdCount: TIMING.unhealthyThreshold,
      },
    });
    this.node.addValidation({ validate: () => this.checkHealthPath(props.publicPath) });
  }

  /** Passes plain HTTP on to the nodes. */
  public listenHttp(whyNotHttps: string) {
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
  }

  /** Lets IPv4 ranges in on the given ports. */
  public allowFrom(cidrs: string[], ports: number[]) {
    for (const cidr of cidrs) {
      if (Token.isUnresolved(cidr) ? cidr.startsWith('#{Token') : !isIpv4Range(cidr)) {
        throw invalidProp(this, {
          prop: 'entrance.allowedCidrs',
          problem: `has '${cidr}', which is not an IPv4 range`,
          remedy: "Write address and prefix length, e.g. '203.0.113.7/32' for one address or '0.0.0.0/0' for everybody",
        });
      }
      for (const port of ports) {
        this.loadBalancer.connections.allowFrom(ec2.Peer.ipv4(cidr), ec2.Port.tcp(port), 'Users');
      }
    }
    if (cidrs.includes('0.0.0.0/0')) {
      for (const group of this.loadBalancer.connections.securityGroups) {
        Validations.of(group).acknowledge({
          id: 'AwsSolutions-EC23',
          reason: 'The entrance of the application is meant to be open to everybody; `allowedCidrs` narrows it.',
        });
      }
    }
  }

  private checkRegion() {
    if (Token.isUnresolved(Stack.of(this).region)) {
      throw invalidProp(this, {
        prop: 'entrance.accessLogs',
        problem: 'need a stack with a concrete region, because AWS writes them with an account that differs by region',
        remedy: "Give the stack one: new Stack(app, 'Id', { env: { region: 'eu-central-1' } })",
      });
    }
  }

  /** A path without `api/` answers 200 with the static page, also when NocoBase is down. */
  private checkHealthPath(publicPath: string): string[] {
    const { path } = this.targetGroup.healthCheck;
    const expected = healthPath(publicPath);
    if (path === expected) {
      return [];
    }
    return [
      invalidProp(this, {
        prop: 'targetGroup.healthCheck.path',
        problem: `'${path}' is not NocoBase's health check under \`publicPath\` '${publicPath}', and other paths answer 200 also when NocoBase is down`,
        remedy: `Leave it at '${expected}'`,
      }).message,
    ];
  }
}

/** NocoBase's application-level health check. */
export function healthPath(publicPath: string): string {
  return `${publicPath}api/__health_check`;
}

function isIpv4Range(cidr: string): boolean {
  const [address, prefix, ...rest] = cidr.split('/');
  return isIPv4(address) && /^\d{1,2}$/.test(prefix ?? '') && Number(prefix) <= 32 && rest.length === 0;
}
