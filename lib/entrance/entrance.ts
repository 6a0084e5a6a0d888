import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import { CloudFrontEntrance } from './cloudfront-entrance';
import type {
  CertificateEntranceOptions,
  CloudFrontEntranceOptions,
  DomainEntranceOptions,
  HttpEntranceOptions,
  ListenerEntranceOptions,
  LoadBalancerEntranceOptions,
} from './entrance-options';
import { HttpEntrance } from './http-entrance';
import { CertificateEntrance, DomainEntrance } from './https-entrance';
import { ListenerEntrance } from './listener-entrance';
import { LoadBalancerEntrance } from './load-balancer-entrance';

/** Where an entrance is bound and what is behind it. */
export interface EntranceContext {
  /** The network of the cluster. */
  readonly vpc: ec2.IVpc;

  /** The nodes. */
  readonly target: elbv2.IApplicationLoadBalancerTarget;

  /** The path under which NocoBase lives; begins and ends with `/`. */
  readonly publicPath: string;

  /**
   * The subnets of the load balancer that is made.
   *
   * @default - public ones where it faces the internet, private ones otherwise, isolated ones where there are no others
   */
  readonly subnets?: ec2.SubnetSelection;
}

/** An entrance that is bound to a cluster. */
export interface EntranceBinding {
  /** Where users find NocoBase. */
  readonly url: string;

  /** The nodes, as the load balancer sees them. */
  readonly targetGroup: elbv2.ApplicationTargetGroup;

  /**
   * The load balancer.
   *
   * @default - it was not made here
   */
  readonly loadBalancer?: elbv2.ApplicationLoadBalancer;

  /**
   * The listener that passes requests on to the nodes.
   *
   * @default - not known
   */
  readonly listener?: elbv2.IApplicationListener;

  /**
   * The rule by which it does.
   *
   * @default - it passes all requests on
   */
  readonly listenerRule?: elbv2.ApplicationListenerRule;

  /**
   * The distribution in front of the load balancer.
   *
   * @default - there is none
   */
  readonly distribution?: cloudfront.Distribution;

  /**
   * The protocol by which users come, where the load balancer cannot know it
   * because something in front of it ends TLS. NocoBase takes it for
   * `X-Forwarded-Proto`: it refuses a sign-in whose `Origin` does not fit that,
   * marks cookies and builds links by it.
   *
   * @default - what the load balancer says
   */
  readonly forwardedProto?: string;
}

/** How users reach the cluster. */
export abstract class Entrance {
  /** HTTPS on a domain of yours in Route 53: certificate, alias record, redirect from HTTP, TLS 1.2 and up. */
  public static domain(options: DomainEntranceOptions): Entrance {
    return new Deferred(
      (scope, context) => new DomainEntrance(scope, 'Entrance', { ...allOptions(options), ...context }).binding,
    );
  }

  /** HTTPS with a certificate of yours, in the region of the stack. The name is pointed to the load balancer by you. */
  public static certificate(certificate: acm.ICertificate, options: CertificateEntranceOptions): Entrance {
    return new Deferred(
      (scope, context) =>
        new CertificateEntrance(scope, 'Entrance', { ...allOptions(options), ...context, certificate }).binding,
    );
  }

  /**
   * HTTPS without a domain, or with one: CloudFront in front of a load balancer
   * that only CloudFront reaches, inside the VPC. Requests may take 60 s.
   */
  public static cloudFront(options: CloudFrontEntranceOptions = {}): Entrance {
    return new Deferred(
      (scope, context) => new CloudFrontEntrance(scope, 'Entrance', { ...allOptions(options), ...context }).binding,
    );
  }

  /**
   * A rule of a listener that is there, of this stack, another one or imported
   * with its security group. Make it speak HTTPS with a certificate for
   * `domainName`, and its load balancer keep silent connections for 360 s
   * (`idleTimeout`): NocoBase's WebSocket client pings every 300 s. A node ends
   * them after 370 s. The load balancer has to be in the network of the cluster.
   *
   * Another listener gets another target group; nodes are registered with that
   * one by a deployment.
   */
  public static listener(listener: elbv2.IApplicationListener, options: ListenerEntranceOptions): Entrance {
    return new Deferred(
      (scope, context) =>
        new ListenerEntrance(scope, 'Entrance', { ...allOptions(options), ...context, listener }).binding,
    );
  }

  /**
   * An HTTPS listener on a load balancer that is there, of this stack, another
   * one or imported with its security group. Who may connect is up to its
   * security groups. It should keep silent connections for 360 s
   * (`idleTimeout`): NocoBase's WebSocket client pings every 300 s. A node ends
   * them after 370 s. It has to be in the network of the cluster.
   *
   * Another load balancer gets another target group; nodes are registered with
   * that one by a deployment.
   */
  public static loadBalancer(
    loadBalancer: elbv2.IApplicationLoadBalancer,
    options: LoadBalancerEntranceOptions,
  ): Entrance {
    return new Deferred(
      (scope, context) =>
        new LoadBalancerEntrance(scope, 'Entrance', { ...allOptions(options), ...context, loadBalancer }).binding,
    );
  }

  /**
   * Plain HTTP for trials, open to the ranges given and to nobody without. It
   * warns at synthesis: passwords travel in clear text.
   */
  public static http(options: HttpEntranceOptions = {}): Entrance {
    return new Deferred(
      (scope, context) => new HttpEntrance(scope, 'Entrance', { ...allOptions(options), ...context }).binding,
    );
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: EntranceContext): EntranceBinding;
}

class Deferred extends Entrance {
  constructor(private readonly create: (scope: Construct, context: EntranceContext) => EntranceBinding) {
    super();
  }

  public bind(scope: Construct, context: EntranceContext): EntranceBinding {
    return this.create(scope, context);
  }
}
