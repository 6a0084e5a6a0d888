import type { IConstruct } from 'constructs';
import { invalidProp, isKnown } from './invalid-prop';

/** PEM, possibly with comments before it, and nothing else: no bundle, no private key. */
const ONE_CERTIFICATE =
  /^(?:[^-\n][^\n]*\n|\n)*-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*$/;

/** Refuses what is not one certificate: a path, a bundle (a task definition takes 64 KB), a private key. */
export function checkCertificate(scope: IConstruct, prop: string, pem: string | undefined) {
  if (pem !== undefined && isKnown(pem) && !ONE_CERTIFICATE.test(pem)) {
    throw invalidProp(scope, {
      prop,
      problem: 'is not one PEM certificate',
      remedy: 'Pass the text of the file, which begins with -----BEGIN CERTIFICATE-----, not its path',
    });
  }
}
