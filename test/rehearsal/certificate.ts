import { generate } from 'selfsigned';

/** A key and a certificate for localhost, and the CA that vouches for it. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

const OPTIONS = { keySize: 2048, algorithm: 'sha256' } as const;

/** Two certificates, as everywhere: NocoBase's licence kit takes none that is its own root. */
export async function certificate(owner: string): Promise<Certificate> {
  const ca = await generate([{ name: 'commonName', value: `CA of ${owner}` }], {
    ...OPTIONS,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...OPTIONS,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  return { key: made.private, cert: made.cert, ca: ca.cert };
}
