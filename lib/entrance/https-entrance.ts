import { Stack, Token } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import type { CertificateEntranceOptions, DomainEntranceOptions, EntranceBinding, EntranceContext } from './entrance';
import { LoadBalancer } from './load-balancer';

export interface CertificateEntranceProps extends CertificateEntranceOptions, EntranceContext {
  readonly certificate: acm.ICertificate;
}

/** A public load balancer that speaks HTTPS with the certificate given. */
export class CertificateEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: CertificateEntranceProps) {
    super(scope, id);
    checkDomainName(this, props.domainName);
    this.checkRegion(props.certificate);
    this.binding = httpsBinding(this, props);
  }

  private checkRegion({ certificateArn }: acm.ICertificate) {
    const { region } = Stack.of(this);
    const [, , , certificateRegion] = certificateArn.split(':');
    if (![certificateArn, region].some(Token.isUnresolved) && certificateRegion !== region) {
      throw invalidProp(this, {
        prop: 'entrance.certificate',
        problem: `is in ${certificateRegion}, and the load balancer that has to present it in ${region}`,
        remedy: `Import or request the certificate in ${region}; us-east-1 is for CloudFront`,
      });
    }
  }
}

/** The same with a certificate and a name made in Route 53. */
export class DomainEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: DomainEntranceOptions & EntranceContext) {
    super(scope, id);
    const { domainName, hostedZone } = props;
    checkDomainName(this, domainName);
    const zoneName = nameOf(this, hostedZone);
    if (
      ![domainName, zoneName].some(Token.isUnresolved) &&
      domainName !== zoneName &&
      !domainName.endsWith(`.${zoneName}`)
    ) {
      throw invalidProp(this, {
        prop: 'entrance.domainName',
        problem: `'${domainName}' does not lie in the hosted zone '${zoneName}'`,
        remedy: `Use a name such as 'nocobase.${zoneName}', or the zone that '${domainName}' lies in`,
      });
    }
    const certificate = new acm.Certificate(this, 'Certificate', {
      domainName,
      validation: acm.CertificateValidation.fromDns(hostedZone),
    });
    this.binding = httpsBinding(this, { ...props, certificate });
    new route53.ARecord(this, 'Alias', {
      zone: hostedZone,
      recordName: domainName,
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(this.binding.loadBalancer!)),
    });
  }
}

function nameOf(scope: Construct, hostedZone: route53.IHostedZone): string {
  try {
    return hostedZone.zoneName.replace(/\.$/, '');
  } catch {
    throw invalidProp(scope, {
      prop: 'entrance.hostedZone',
      problem: 'has no name: it was made with HostedZone.fromHostedZoneId()',
      remedy: 'Use HostedZone.fromHostedZoneAttributes(this, id, { hostedZoneId, zoneName })',
    });
  }
}

function httpsBinding(scope: Construct, props: CertificateEntranceProps): EntranceBinding {
  const { loadBalancer, targetGroup } = openFront(scope, props);
  loadBalancer.addListener('Https', {
    port: 443,
    protocol: elbv2.ApplicationProtocol.HTTPS,
    certificates: [props.certificate],
    sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
    open: false,
    defaultTargetGroups: [targetGroup],
  });
  loadBalancer.addListener('Http', {
    port: 80,
    protocol: elbv2.ApplicationProtocol.HTTP,
    open: false,
    defaultAction: elbv2.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
  });
  return { url: `https://${props.domainName}${props.publicPath}`, targetGroup, loadBalancer };
}

function openFront(scope: Construct, props: CertificateEntranceProps): LoadBalancer {
  const front = new LoadBalancer(scope, 'LoadBalancer', { ...props, internetFacing: true });
  front.allowFrom(props.allowedCidrs ?? ['0.0.0.0/0'], [80, 443]);
  return front;
}

function checkDomainName(scope: Construct, domainName: string) {
  if (!Token.isUnresolved(domainName) && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(domainName)) {
    throw invalidProp(scope, {
      prop: 'entrance.domainName',
      problem: `'${domainName}' is not a domain name`,
      remedy: "Write the bare name in lower case, e.g. 'nocobase.example.com', without https:// and without a path",
    });
  }
}
