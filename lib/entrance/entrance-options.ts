import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as s3 from 'aws-cdk-lib/aws-s3';

/** What every entrance that makes a load balancer lets choose. */
export interface EntranceOptions {
  /**
   * Keep access logs in this bucket, under the prefix `alb`. The region of the
   * stack must be concrete: AWS writes these logs with an account that differs
   * by region. The bucket is in that region, and encrypted by S3 with a key of
   * its own (`S3_MANAGED`): AWS does not write these logs to one with a key in KMS.
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

  /**
   * ARN of the web ACL (AWS WAF) that requests pass first: `webAcl.attrArn`.
   * Its scope is REGIONAL, in the region of the stack, for a load balancer, and
   * CLOUDFRONT, which is in us-east-1, for `Entrance.cloudFront`.
   *
   * @default - none
   */
  readonly webAclArn?: string;
}

/** What every entrance whose load balancer clients reach directly lets choose. */
export interface DirectEntranceOptions extends EntranceOptions {
  /**
   * Whether the load balancer has addresses on the internet. Without them it is
   * reached from the network of the VPC and what is connected to that. Changing
   * it makes another load balancer, and another target group, beside the old.
   *
   * @default true
   */
  readonly internetFacing?: boolean;

  /**
   * Managed prefix lists whose IPv4 ranges may connect: ids such as
   * `pl-0123456789abcdef0`. Each counts as many rules of the security group as
   * it may have entries, for each port; a group holds 60 unless AWS raises that.
   *
   * @default - none
   */
  readonly allowedPrefixLists?: string[];
}

/** Options of an entrance that is open to everybody unless told otherwise. */
export interface PublicEntranceOptions extends DirectEntranceOptions {
  /**
   * IPv4 ranges that may connect.
   *
   * @default - ['0.0.0.0/0'], everybody; none where there are `allowedPrefixLists`
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

/** Options of `Entrance.cloudFront`. */
export interface CloudFrontEntranceOptions extends EntranceOptions {
  /**
   * The name users type, together with `certificate`. You point it to the
   * distribution yourself.
   *
   * @default - the name that CloudFront gives: `d111111abcdef8.cloudfront.net`
   */
  readonly domainName?: string;

  /**
   * The certificate for `domainName`, in us-east-1. TLS 1.2 and up.
   *
   * @default - CloudFront's own, whose TLS versions cannot be chosen
   */
  readonly certificate?: acm.ICertificate;
}

/** Options of `Entrance.http`. */
export interface HttpEntranceOptions extends DirectEntranceOptions {
  /**
   * IPv4 ranges that may connect: `['203.0.113.7/32']` for one address.
   * Passwords travel in clear text, so keep them narrow.
   *
   * @default - nobody
   */
  readonly allowedCidrs?: string[];
}

/** Options of `Entrance.listener`. */
export interface ListenerEntranceOptions {
  /**
   * The name users type: `nocobase.example.com`. You point it to the load
   * balancer yourself, and the listener needs a certificate for it.
   */
  readonly domainName: string;

  /**
   * Where the rule stands among those of the listener: 1 (asked first) to
   * 50000. The first that fits a request has it, so that of two paths the
   * longer takes the lower priority. Each priority is there once; of rules of
   * other apps only the deployment knows.
   */
  readonly priority: number;

  /**
   * Which requests are for NocoBase. A rule holds five values, and one condition
   * each on host, path, method and source address.
   *
   * @default - the host is `domainName`, and the path lies under `publicPath` where that is not `/`
   */
  readonly conditions?: elbv2.ListenerCondition[];

  /**
   * The protocol by which users come, where it is not that of the listener:
   * `https` if something in front of the load balancer ends TLS. NocoBase
   * refuses to sign in whoever comes by another.
   *
   * @default - that of the listener; `https` where it is not known
   */
  readonly forwardedProto?: string;
}

/** Options of `Entrance.loadBalancer`. */
export interface LoadBalancerEntranceOptions {
  /** The name users type: `nocobase.example.com`. You point it to the load balancer yourself. */
  readonly domainName: string;

  /** The certificate for `domainName`, in the region of the stack. */
  readonly certificate: acm.ICertificate;

  /**
   * The port of the listener. No other listener of the load balancer may have it.
   *
   * @default 443
   */
  readonly port?: number;

  /**
   * IPv4 ranges that are let in on the port. Leave out what the security groups
   * of the load balancer let in already: EC2 refuses a rule that is there.
   *
   * @default - nobody but whom the security groups let in already
   */
  readonly allowedCidrs?: string[];

  /**
   * Managed prefix lists that are let in on the port: ids such as
   * `pl-0123456789abcdef0`. One of IPv6 ranges is for a dual-stack load balancer.
   *
   * @default - none but those that the security groups let in already
   */
  readonly allowedPrefixLists?: string[];
}
