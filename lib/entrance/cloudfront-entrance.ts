import { Duration, Validations } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { CloudFrontPrefixList } from './cloudfront-prefix-list';
import type { EntranceBinding, EntranceContext, EntranceOptions } from './entrance';
import { LoadBalancer } from './load-balancer';

/**
 * CloudFront with its own name and certificate in front of a load balancer
 * inside the VPC, which CloudFront reaches over network interfaces there.
 */
export class CloudFrontEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: EntranceOptions & EntranceContext) {
    super(scope, id);
    // Not the id of the public ones: a target group belongs to one load balancer at a time, so that a change between
    // the two kinds needs another of each.
    const front = new LoadBalancer(this, 'InternalLoadBalancer', { ...props, internetFacing: false });
    front.listenHttp('CloudFront has redirected users to HTTPS already; it reaches the load balancer inside the VPC.');
    front.loadBalancer.connections.allowFrom(
      new CloudFrontPrefixList(this, 'CloudFront').peer,
      ec2.Port.tcp(80),
      'CloudFront',
    );

    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: 'NocoBase cluster',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      defaultBehavior: {
        origin: origins.VpcOrigin.withApplicationLoadBalancer(front.loadBalancer, {
          protocolPolicy: cloudfront.OriginProtocolPolicy.HTTP_ONLY,
          readTimeout: Duration.seconds(60),
          keepaliveTimeout: Duration.seconds(60),
        }),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
        // What NocoBase answers depends on who asks. All headers have to pass, for WebSockets and for links that
        // NocoBase builds from the host name.
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER,
        compress: false,
      },
    });
    // CloudFront refuses a VPC origin in a VPC without an internet gateway, although nothing passes through that. Of a
    // new VPC the routes of the public subnets are what waits for its attachment.
    distribution.node.addDependency(...props.vpc.publicSubnets.map((subnet) => subnet.internetConnectivityEstablished));
    acknowledgeDistribution(distribution);
    this.binding = {
      url: `https://${distribution.distributionDomainName}${props.publicPath}`,
      targetGroup: front.targetGroup,
      loadBalancer: front.loadBalancer,
      distribution,
      // The load balancer overwrites what CloudFront could send of it.
      forwardedProto: 'https',
    };
  }
}

function acknowledgeDistribution(distribution: cloudfront.Distribution) {
  const guard = (rule: string, reason: string) => ({ id: `cdk-validator-cfnguard::${rule}`, reason });
  const logs = 'NocoBase logs requests itself; `accessLogs` keeps those of the load balancer.';
  const certificate =
    "CloudFront's own name and certificate are the point of this entrance, and their TLS versions cannot be chosen; Entrance.domain has a certificate of yours.";
  Validations.of(distribution).acknowledge(
    { id: 'AwsSolutions-CFR1', reason: 'Who may use the application is decided by its accounts, not by country.' },
    { id: 'AwsSolutions-CFR2', reason: 'A web ACL is the choice of the owner: distribution.attachWebAclId(...).' },
    { id: 'AwsSolutions-CFR3', reason: logs },
    { id: 'AwsSolutions-CFR4', reason: certificate },
    {
      id: 'AwsSolutions-CFR5',
      reason: 'CloudFront reaches the load balancer inside the VPC, where there is no public name to certify.',
    },
    guard('cloudfront_default_root_object_configured_check', 'NocoBase answers `/` itself.'),
    guard(
      'cloudfront_origin_failover_enabled_check',
      'The load balancer is the one origin, in two availability zones.',
    ),
    guard('cloudfront_access_logs_enabled_check', logs),
    guard('cloudfront_custom_ssl_certificate_check', certificate),
    guard('cloudfront_sni_enabled_check', certificate),
    guard('cloudfront_security_policy_check', certificate),
  );
}
