// Bundles the launcher into lib/launcher/bundle: three scripts, as small as they get, because the task definition that
// they are part of takes 64 KB in all.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../lib/launcher/bundle/', import.meta.url));
/** What is started as a process of its own, or loaded into one. */
const SCRIPTS = ['check', 'preload', 'supervise'];

mkdirSync(OUTPUT, { recursive: true });
for (const name of SCRIPTS) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`lib/launcher/scripts/${name}.js`],
    write: false,
    bundle: true,
    platform: 'node',
    // NocoBase 2 asks for it.
    target: 'node20',
    format: 'cjs',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    tsconfigRaw: {},
    logLevel: 'warning',
  });
  const [{ text }] = outputFiles;
  const file = `${OUTPUT}${name}.js`;
  // An unchanged file keeps its time: what reads it meanwhile, a synthesis for example, is not disturbed.
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
