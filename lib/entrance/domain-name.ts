import { Token } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';

/** Refuses what is not the bare name of a host. */
export function checkDomainName(scope: Construct, domainName: string) {
  if (!Token.isUnresolved(domainName) && !/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(domainName)) {
    throw invalidProp(scope, {
      prop: 'entrance.domainName',
      problem: `'${domainName}' is not a domain name`,
      remedy: "Write the bare name in lower case, e.g. 'nocobase.example.com', without https:// and without a path",
    });
  }
}

/** Refuses a certificate that is not where it has to be presented. */
export function checkCertificateRegion(
  scope: Construct,
  { certificateArn }: acm.ICertificate,
  { region, by, remedy }: { region: string; by: string; remedy: string },
) {
  const [, , , certificateRegion] = certificateArn.split(':');
  if (![certificateArn, region].some(Token.isUnresolved) && certificateRegion !== region) {
    throw invalidProp(scope, {
      prop: 'entrance.certificate',
      problem: `is in ${certificateRegion}, and ${by} that has to present it in ${region}`,
      remedy,
    });
  }
}
