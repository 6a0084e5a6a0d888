// Bundles the preflight Lambda with its SDK client into lib/preflight/bundle/index.js, so that a user's `cdk synth`
// needs neither a bundler nor Docker, and what runs does not depend on the SDK version that the runtime happens to have.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../lib/preflight/bundle/index.js', import.meta.url));

const { outputFiles } = await build({
  // The output names modules relative to this, symlinks not followed: the same bytes wherever the checkout lies. The
  // asset's hash, and with it every user's template, depends on them.
  absWorkingDir: ROOT,
  preserveSymlinks: true,
  entryPoints: ['lib/preflight/lambda/handler.ts'],
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  // Of ES modules esbuild leaves out what is not used: a third less.
  mainFields: ['module', 'main'],
  // Not minified: a reviewer of what is deployed can read it, and a stack trace in the log makes sense.
  minify: false,
  legalComments: 'none',
  // Whatever a tsconfig.json says about emitting is not about this bundle.
  tsconfigRaw: {},
  logLevel: 'warning',
});
const [{ text }] = outputFiles;

// An unchanged file keeps its time: what reads it meanwhile, a synthesis for example, is not disturbed.
if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== text) {
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, text);
}
