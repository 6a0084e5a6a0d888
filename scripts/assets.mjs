// Copies to dist/ what jsii leaves behind (it emits compiled TypeScript only) and the library reads at synthesis.
import { cpSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folders below lib/, which have the same place below dist/. */
const ASSETS = ['launcher/bundle', 'preflight/bundle'];

for (const folder of ASSETS) {
  const from = join(ROOT, 'lib', folder);
  const to = join(ROOT, 'dist', folder);
  // A file that was deleted or renamed in lib/ must not live on in the package.
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  const files = readdirSync(to, { recursive: true }).filter((name) => statSync(join(to, name)).isFile());
  if (files.length === 0) throw new Error(`lib/${folder} has no files: without them the library cannot synthesize.`);
}
