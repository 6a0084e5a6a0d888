import { Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { checkRequiredConstruct } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';
import { allowClients } from './allowed-clients';
import { claimName } from './claimed-names';
import { checkCertificateRegion, checkDomainName } from './domain-name';
import type { EntranceBinding, EntranceContext } from './entrance';
import type { CertificateEntranceOptions, DomainEntranceOptions } from './entrance-options';
import { LoadBalancer } from './load-balancer';

export interface CertificateEntranceProps extends CertificateEntranceOptions, EntranceContext {
  readonly certificate: acm.ICertificate;
}

/** A load balancer that speaks HTTPS with the certificate given. */
export class CertificateEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: CertificateEntranceProps) {
    super(scope, id);
    checkDomainName(this, props.domainName);
    const { region } = Stack.of(this);
    checkCertificateRegion(this, props.certificate, {
      region,
      by: 'the load balancer',
      orInIam: true,
      remedy: `Import or request the certificate in ${region}; us-east-1 is for CloudFront`,
    });
    this.binding = httpsBinding(this, props);
  }
}

/** The same with a certificate and a name made in Route 53. */
export class DomainEntrance extends Construct {
  public readonly binding: EntranceBinding;

  constructor(scope: Construct, id: string, props: DomainEntranceOptions & EntranceContext) {
    super(scope, id);
    const { domainName, hostedZone } = props;
    checkDomainName(this, domainName);
    const imported = 'HostedZone.fromHostedZoneAttributes(this, id, { hostedZoneId, zoneName })';
    checkRequiredConstruct(this, 'entrance.hostedZone', hostedZone, imported);
    const zoneName = nameOf(this, hostedZone);
    checkZoneIsPublic(this, hostedZone);
    if ([domainName, zoneName].every(isKnown) && !`.${domainName}`.endsWith(`.${zoneName}`)) {
      throw invalidProp(this, {
        prop: 'entrance.domainName',
        problem: `'${domainName}' does not lie in the hosted zone '${zoneName}'`,
        remedy: `Use a name such as 'nocobase.${zoneName}', or the zone that '${domainName}' lies in`,
      });
    }
    claimName(this, {
      place: hostedZone.hostedZoneId,
      name: domainName,
      prop: 'entrance.domainName',
      problem: (other) => `'${domainName}' leads to ${other} already, by a record of the same hosted zone`,
      remedy: 'Give each cluster a name of its own',
    });
    const certificate = new acm.Certificate(this, 'Certificate', {
      domainName,
      validation: acm.CertificateValidation.fromDns(hostedZone),
    });
    this.binding = httpsBinding(this, { ...props, certificate });
    new route53.ARecord(this, 'Alias', {
      zone: hostedZone,
      // To one without the final dot, the CDK adds the zone where it does not see it at the end.
      recordName: `${domainName}.`,
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(this.binding.loadBalancer!)),
    });
  }
}

function nameOf(scope: Construct, hostedZone: route53.IHostedZone): string {
  try {
    const name = hostedZone.zoneName.replace(/\.$/, '');
    return isKnown(name) ? name.toLowerCase() : name;
  } catch {
    throw invalidProp(scope, {
      prop: 'entrance.hostedZone',
      problem: 'has no name: it was made with HostedZone.fromHostedZoneId()',
      remedy: 'Use HostedZone.fromHostedZoneAttributes(this, id, { hostedZoneId, zoneName })',
    });
  }
}

/** A certificate proves itself to everybody. */
function checkZoneIsPublic(scope: Construct, hostedZone: route53.IHostedZone) {
  const zone = hostedZone.node.defaultChild;
  if (route53.CfnHostedZone.isCfnHostedZone(zone) && Stack.of(zone).resolve(zone.vpcs)?.length > 0) {
    throw invalidProp(scope, {
      prop: 'entrance.hostedZone',
      problem: `${hostedZone.node.path} is private, and the proof for the certificate has to be found from everywhere`,
      remedy:
        'Use a public zone, which may point to an internal load balancer too, or Entrance.certificate(certificate, { domainName })',
    });
  }
}

function httpsBinding(scope: Construct, props: CertificateEntranceProps): EntranceBinding {
  const { loadBalancer, targetGroup } = LoadBalancer.of(scope, props);
  const { allowedPrefixLists, allowedCidrs = allowedPrefixLists === undefined ? ['0.0.0.0/0'] : [] } = props;
  allowClients(scope, loadBalancer, { allowedCidrs, allowedPrefixLists }, [80, 443]);
  const listener = loadBalancer.addListener('Https', {
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
  return { url: `https://${props.domainName}${props.publicPath}`, targetGroup, loadBalancer, listener };
}
