import { Duration, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { invalidProp, isPending } from '../invalid-prop';
import { claimName } from './claimed-names';
import { CloudFrontPrefixList } from './cloudfront-prefix-list';
import { checkCertificateRegion, checkDomainName } from './domain-name';
import type { EntranceBinding, EntranceContext } from './entrance';
import type { CloudFrontEntranceOptions } from './entrance-options';
import { internetGatewaysOf } from './known-resources';
import { LoadBalancer } from './load-balancer';
import { closedWhilePending } from './pending-look-up';
import { webAclOfDistribution } from './web-acl';

/**
 * CloudFront in front of a load balancer inside the VPC, which it reaches over
 * network interfaces there.
 */
export class CloudFrontEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: CloudFrontEntranceOptions & EntranceContext) {
    super(scope, id);
    const name = this.ownName(props);
    const webAclId = webAclOfDistribution(this, props.webAclArn);
    // The web ACL stands before CloudFront, which nobody gets around.
    const front = LoadBalancer.of(this, { ...props, internetFacing: false, webAclArn: undefined });
    const listener = front.listenHttp(
      'CloudFront has redirected users to HTTPS already; it reaches the load balancer inside the VPC.',
    );
    front.loadBalancer.connections.allowFrom(
      new CloudFrontPrefixList(this, 'CloudFront').peer,
      ec2.Port.tcp(80),
      'CloudFront',
    );

    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: 'NocoBase cluster',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      webAclId,
      ...(name && {
        domainNames: [name.domainName],
        certificate: name.certificate,
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
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
    distribution.node.addDependency(
      ...props.vpc.publicSubnets.map((subnet) => subnet.internetConnectivityEstablished),
      ...(madeInternetGateway(props.vpc) ? [] : internetGatewaysOf(this, props.vpc)),
    );
    this.node.addValidation({ validate: () => this.checkInternetGateway(props.vpc) });
    acknowledgeDistribution(distribution);
    if (name === undefined) {
      acknowledgeOwnCertificate(distribution);
    }
    if (webAclId === undefined) {
      Validations.of(distribution).acknowledge({
        id: 'AwsSolutions-CFR2',
        reason: 'A web ACL is the choice of the owner, with the `webAclArn` option of the entrance.',
      });
    }
    this.binding = {
      url: `https://${name?.domainName ?? distribution.distributionDomainName}${props.publicPath}`,
      targetGroup: front.targetGroup,
      loadBalancer: front.loadBalancer,
      listener,
      distribution,
      // The load balancer overwrites what CloudFront could send of it.
      forwardedProto: 'https',
    };
  }

  /** Of a VPC that is imported nothing is known. */
  private checkInternetGateway(vpc: ec2.IVpc): string[] {
    if (!(vpc instanceof ec2.Vpc) || madeInternetGateway(vpc) || internetGatewaysOf(this, vpc).length > 0) {
      return [];
    }
    return [
      invalidProp(this, {
        prop: 'entrance',
        problem: `cannot be CloudFront in ${vpc.node.path}, which has no internet gateway: CloudFront refuses to reach into such a VPC, although nothing passes through that`,
        remedy:
          'Attach one, which needs no routes and no public subnets: ec2.CfnInternetGateway and ec2.CfnVPCGatewayAttachment; or use Entrance.certificate(certificate, { domainName, internetFacing: false })',
      }).message,
    ];
  }

  /** Name and certificate, which are nothing without each other. */
  private ownName({ domainName, certificate }: CloudFrontEntranceOptions) {
    if (domainName === undefined && certificate === undefined) {
      return undefined;
    }
    if (domainName === undefined || certificate === undefined) {
      const [given, missing] = domainName === undefined ? ['certificate', 'domainName'] : ['domainName', 'certificate'];
      throw invalidProp(this, {
        prop: `entrance.${missing}`,
        problem: `is missing, and \`${given}\` is given`,
        remedy: 'Give both for a name of yours, or neither for the one that CloudFront gives',
      });
    }
    checkDomainName(this, domainName);
    checkCertificateRegion(this, certificate, {
      region: 'us-east-1',
      by: 'CloudFront',
      orInIam: false,
      remedy: 'Import or request the certificate in us-east-1, where CloudFront looks for it',
    });
    claimName(this, {
      place: 'CloudFront',
      name: domainName,
      prop: 'entrance.domainName',
      problem: (other) => `'${domainName}' leads to ${other} already, and CloudFront takes a name once`,
      remedy: 'Give each cluster a name of its own',
    });
    const { certificateArn } = certificate;
    return {
      domainName,
      certificate: isPending(certificateArn)
        ? acm.Certificate.fromCertificateArn(this, 'Certificate', closedWhilePending(certificateArn))
        : certificate,
    };
  }
}

function madeInternetGateway(vpc: ec2.IVpc): boolean {
  return vpc instanceof ec2.Vpc && vpc.internetGatewayId !== undefined;
}

const guard = (rule: string, reason: string) => ({ id: `cdk-validator-cfnguard::${rule}`, reason });

function acknowledgeDistribution(distribution: cloudfront.Distribution) {
  const logs = 'NocoBase logs requests itself; `accessLogs` keeps those of the load balancer.';
  Validations.of(distribution).acknowledge(
    { id: 'AwsSolutions-CFR1', reason: 'Who may use the application is decided by its accounts, not by country.' },
    { id: 'AwsSolutions-CFR3', reason: logs },
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
  );
}

function acknowledgeOwnCertificate(distribution: cloudfront.Distribution) {
  const reason =
    "CloudFront's own name and certificate are the point of this entrance, and their TLS versions cannot be chosen; with `domainName` and `certificate` it has those of yours.";
  Validations.of(distribution).acknowledge(
    { id: 'AwsSolutions-CFR4', reason },
    guard('cloudfront_custom_ssl_certificate_check', reason),
    guard('cloudfront_sni_enabled_check', reason),
    guard('cloudfront_security_policy_check', reason),
  );
}
