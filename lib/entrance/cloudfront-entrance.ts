import { Duration, Validations } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
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
    const front = new LoadBalancer(this, 'LoadBalancer', { ...props, internetFacing: false });
    front.loadBalancer.addListener('Http', {
      port: 80,
      protocol: elbv2.ApplicationProtocol.HTTP,
      open: false,
      defaultTargetGroups: [front.targetGroup],
    });
    // CloudFront comes from its interfaces in the VPC; their security group and the id of CloudFront's prefix list
    // can only be looked up over the network.
    front.allowFrom([props.vpc.vpcCidrBlock], [80]);

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
    Validations.of(distribution).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'Who may use the application is decided by its accounts, not by country.' },
      { id: 'AwsSolutions-CFR2', reason: 'A web ACL is the choice of the owner: distribution.attachWebAclId(...).' },
      {
        id: 'AwsSolutions-CFR3',
        reason: 'NocoBase logs requests itself; `accessLogs` keeps those of the load balancer.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason: "With CloudFront's own certificate its minimum TLS version cannot be chosen; Entrance.domain does.",
      },
      {
        id: 'AwsSolutions-CFR5',
        reason: 'CloudFront reaches the load balancer inside the VPC, where there is no public name to certify.',
      },
    );
    this.binding = {
      url: `https://${distribution.distributionDomainName}${props.publicPath}`,
      targetGroup: front.targetGroup,
      loadBalancer: front.loadBalancer,
      distribution,
    };
  }
}
