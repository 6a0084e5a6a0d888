import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { Entrance } from '../lib';
import type { EntranceSettings } from './schema';

export function entranceOf(scope: Construct, entrance: EntranceSettings): Entrance {
  const { deletionProtection } = entrance;
  switch (entrance.type) {
    case 'cloudFront':
      return Entrance.cloudFront({ deletionProtection });
    case 'domain': {
      // By its attributes: a lookup by name would need credentials at synthesis.
      const hostedZone = route53.HostedZone.fromHostedZoneAttributes(scope, 'HostedZone', {
        hostedZoneId: entrance.hostedZoneId,
        zoneName: entrance.hostedZoneName,
      });
      const { domainName, allowedCidrs } = entrance;
      return Entrance.domain({ hostedZone, domainName, allowedCidrs, deletionProtection });
    }
    case 'certificate': {
      const certificate = acm.Certificate.fromCertificateArn(scope, 'Certificate', entrance.certificateArn);
      const { domainName, allowedCidrs } = entrance;
      return Entrance.certificate(certificate, { domainName, allowedCidrs, deletionProtection });
    }
    case 'http':
      return Entrance.http({ allowedCidrs: entrance.allowedCidrs, deletionProtection });
  }
}
