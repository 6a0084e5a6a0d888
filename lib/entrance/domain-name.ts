import { Stack, Token } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { referredResource } from '../app-resources';
import { checkRequired, checkRequiredConstruct } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';

/** The bare name of a host. The last label may be in Punycode: `xn--p1ai`. */
export const HOST_NAME = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])$/;

/** Refuses what is not the bare name of a host. */
export function checkDomainName(scope: Construct, domainName: string) {
  checkRequired(scope, { 'entrance.domainName': domainName });
  if (isKnown(domainName) && !HOST_NAME.test(domainName)) {
    throw invalidProp(scope, {
      prop: 'entrance.domainName',
      problem: `'${domainName}' is not a domain name`,
      remedy: "Write the bare name in lower case, e.g. 'nocobase.example.com', without https:// and without a path",
    });
  }
}

/** Where a certificate has to be presented, and by what. */
export interface CertificatePlace {
  readonly region: string;
  readonly by: string;
  readonly remedy: string;
  /** Whether it may be in IAM, which has no regions ("SSL certificates for your Application Load Balancer"). */
  readonly orInIam: boolean;
}

const IN_IAM = /^arn:[^:]+:iam::[^:]*:server-certificate\/./;

/** Refuses a certificate that is not where it has to be presented. */
export function checkCertificateRegion(
  scope: Construct,
  certificate: acm.ICertificate,
  { region, by, remedy, orInIam }: CertificatePlace,
) {
  const imported = 'Certificate.fromCertificateArn(this, id, arn)';
  checkRequiredConstruct(scope, 'entrance.certificate', certificate, imported);
  if (orInIam && IN_IAM.test(certificate.certificateArn)) return;
  const given = regionOf(scope, certificate.certificateArn, orInIam ? 'ACM or IAM' : 'ACM');
  if (given !== undefined && ![given, region].some(Token.isUnresolved) && given !== region) {
    throw invalidProp(scope, {
      prop: 'entrance.certificate',
      problem: `is in ${given}, and ${by} that has to present it in ${region}`,
      remedy,
    });
  }
}

/** What is known of it before the deployment: by its ARN, or by the stack of the app that it is made in. */
function regionOf(scope: Construct, certificateArn: string, service: string): string | undefined {
  const [, region] = /^arn:[^:]+:acm:([a-z0-9-]+):/.exec(certificateArn) ?? [];
  if (region === undefined && (isKnown(certificateArn) || IN_IAM.test(certificateArn))) {
    throw invalidProp(scope, {
      prop: 'entrance.certificate',
      problem: `'${certificateArn}' is not the ARN of a certificate in ${service}`,
      remedy: 'Pass an acm.Certificate, or import one by the ARN that `aws acm list-certificates` prints',
    });
  }
  if (region !== undefined) return region;
  const made = referredResource(certificateArn);
  return acm.CfnCertificate.isCfnCertificate(made) ? Stack.of(made).region : undefined;
}
