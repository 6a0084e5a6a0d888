// Bundles `npx cdk-nocobase` with the SDK client that it uses into dist/command/cdk-nocobase.js, or where an argument
// says: the package has no dependencies but its peers.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [output = 'dist/command/cdk-nocobase.js'] = process.argv.slice(2);

await build({
  // The output names modules relative to this, and not where the checkout lies.
  absWorkingDir: ROOT,
  preserveSymlinks: true,
  entryPoints: ['bin/cdk-nocobase.ts'],
  outfile: output,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Of ES modules esbuild leaves out what is not used: a third less.
  mainFields: ['module', 'main'],
  // Not minified: it reads keys, and whoever wants to see what it does with them can.
  minify: false,
  legalComments: 'none',
  tsconfigRaw: {},
  logLevel: 'warning',
});
