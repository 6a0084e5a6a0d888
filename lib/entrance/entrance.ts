import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { CloudFrontEntrance } from './cloudfront-entrance';
import { HttpEntrance } from './http-entrance';
import { CertificateEntrance, DomainEntrance } from './https-entrance';

/** What every entrance with a load balancer lets choose. */
export interface EntranceOptions {
  /**
   * Keep access logs in this bucket, under the prefix `alb`. The region of the
   * stack must be concrete: AWS writes these logs with an account that differs
   * by region.
   *
   * @default - no access logs
   */
  readonly accessLogs?: s3.IBucket;

  /**
   * Refuse to delete the load balancer, also with the stack.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;
}

/** Options of an entrance that clients reach directly. */
export interface PublicEntranceOptions extends EntranceOptions {
  /**
   * IPv4 ranges that may connect.
   *
   * @default ['0.0.0.0/0'] - everybody
   */
  readonly allowedCidrs?: string[];
}

/** Options of `Entrance.domain`. */
export interface DomainEntranceOptions extends PublicEntranceOptions {
  /** The name users type: `nocobase.example.com`. Must lie in `hostedZone`. */
  readonly domainName: string;

  /** The public hosted zone in which the name and the certificate's proof are made. */
  readonly hostedZone: route53.IHostedZone;
}

/** Options of `Entrance.certificate`. */
export interface CertificateEntranceOptions extends PublicEntranceOptions {
  /** The name users type. You point it to the load balancer yourself. */
  readonly domainName: string;
}

/** Options of `Entrance.http`. */
export interface HttpEntranceOptions extends EntranceOptions {
  /**
   * IPv4 ranges that may connect: `['203.0.113.7/32']` for one address.
   * Passwords travel in clear text, so keep them narrow.
   *
   * @default - nobody
   */
  readonly allowedCidrs?: string[];
}

/** Where an entrance is bound and what is behind it. */
export interface EntranceContext {
  /** The network of the cluster. */
  readonly vpc: ec2.IVpc;

  /** The nodes. */
  readonly target: elbv2.IApplicationLoadBalancerTarget;

  /** The path under which NocoBase lives; begins and ends with `/`. */
  readonly publicPath: string;
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
    return new Deferred((scope, context) => new DomainEntrance(scope, 'Entrance', { ...options, ...context }).binding);
  }

  /** HTTPS with a certificate of yours, in the region of the stack. The name is pointed to the load balancer by you. */
  public static certificate(certificate: acm.ICertificate, options: CertificateEntranceOptions): Entrance {
    return new Deferred(
      (scope, context) => new CertificateEntrance(scope, 'Entrance', { ...options, ...context, certificate }).binding,
    );
  }

  /**
   * HTTPS without a domain: CloudFront in front of a load balancer that only
   * CloudFront reaches, inside the VPC.
   */
  public static cloudFront(options: EntranceOptions = {}): Entrance {
    return new Deferred(
      (scope, context) => new CloudFrontEntrance(scope, 'Entrance', { ...options, ...context }).binding,
    );
  }

  /**
   * Plain HTTP for trials, open to the ranges given and to nobody without. It
   * warns at synthesis: passwords travel in clear text.
   */
  public static http(options: HttpEntranceOptions = {}): Entrance {
    return new Deferred((scope, context) => new HttpEntrance(scope, 'Entrance', { ...options, ...context }).binding);
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
