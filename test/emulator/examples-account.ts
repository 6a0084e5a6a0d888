import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientConfiguration } from './emulator';
import { giveCertificate, giveDockerHubCache, giveImage, giveSecret, giveSnapshot } from './given';

// The accounts in which the examples are at home: what they find there because somebody has made it.

interface Part {
  readonly what: string;
  /** How a template names it. */
  readonly named: RegExp;
  give(url: string, region: string): Promise<unknown>;
}

const CERTIFICATE = /certificate\/12345678-1234-1234-1234-123456789012/;

const secret = (name: string, fields: object): Part => ({
  what: `the Secret ${name}`,
  named: new RegExp(`:secret:${name}[":]`),
  give: (url, region) => giveSecret(url, region, name, JSON.stringify(fields)),
});

const PARTS: Part[] = [
  secret('aurora-nocobase', { username: 'nocobase', password: 'stands-in-for-a-password' }),
  secret('caches', { token: 'stands-in-for-the-token-of-a-cache' }),
  secret('nocobase-keys', {
    APP_KEY: 'stands-in-for-the-key-of-a-NocoBase-that-moves',
    APP_AES_SECRET_KEY: '0123456789abcdef'.repeat(4),
  }),
  {
    what: 'the parameter /nocobase/smtp-password',
    named: /parameter\/nocobase\/smtp-password"/,
    give: (url, region) =>
      new SSMClient(clientConfiguration(url, region)).send(
        new PutParameterCommand({
          Name: '/nocobase/smtp-password',
          Value: 'stands in for a password',
          Type: 'SecureString',
          Overwrite: true,
        }),
      ),
  },
  {
    what: 'the snapshot nocobase-before-the-move',
    named: /"DBSnapshotIdentifier":"nocobase-before-the-move"/,
    give: (url, region) => giveSnapshot(url, region, 'nocobase-before-the-move', { StorageEncrypted: true }),
  },
  {
    what: 'the image nocobase:2.2.15 in ECR',
    named: /"\/nocobase:2\.2\.15"/,
    give: (url, region) => giveImage(url, region, 'nocobase', '2.2.15'),
  },
  {
    what: 'the rule of ECR for docker-hub/',
    named: /"\/docker-hub\//,
    give: (url, region) => giveDockerHubCache(url, region, 'docker-hub'),
  },
  {
    what: 'the certificate for example.com',
    named: CERTIFICATE,
    give: (url, region) =>
      giveCertificate(
        url,
        `arn:aws:acm:${region}:123456789012:${CERTIFICATE.source}`.replace(/\\/g, ''),
        'example.com',
      ),
  },
];

/** Puts there what a template names; returns it in words. */
export async function giveNamed(url: string, region: string, template: object): Promise<string[]> {
  const text = JSON.stringify(template);
  const named = PARTS.filter((part) => part.named.test(text));
  for (const part of named) await part.give(url, region);
  return named.map(({ what }) => what);
}
