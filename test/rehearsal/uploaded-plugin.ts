import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

export const PLUGIN = '@rehearsal/plugin-maintained';

/** A plug-in of ours, packed as users upload it: npm's form. @param seconds that its installation takes */
export function packedPlugin(folder: string, seconds: number): Buffer {
  const inside = path.join(folder, 'package');
  const write = (name: string, text: string) => {
    const file = path.join(inside, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  };
  const main = './dist/server/index.js';
  write(
    'package.json',
    JSON.stringify({ name: PLUGIN, version: '1.0.0', main, nocobase: { supportedVersions: ['2.x'] } }),
  );
  const source = fs.readFileSync(path.join(__dirname, 'plugins', 'plugin-maintained.js'), 'utf8');
  write(main, source.replace('SECONDS', String(seconds)));
  write('dist/client/index.js', 'define([], () => ({}));');
  const { status, stdout, stderr } = spawnSync('tar', ['-czf', '-', '-C', folder, 'package']);
  if (status !== 0) throw new Error(`tar could not pack the plug-in: ${stderr}`);
  return stdout;
}
