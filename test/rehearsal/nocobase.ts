import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';

const LOCAL = path.join(__dirname, '..', '..', '.local');
const YARN = '1.22.22';

/**
 * NocoBase from npm, as the image carries it: the folder of the app. The first time this downloads half a gigabyte;
 * afterwards it is there.
 */
export async function installNocoBase(version: string, progress: (line: string) => void): Promise<string> {
  const home = path.join(LOCAL, `nocobase-${version}`);
  const app = path.join(home, 'app');
  // Written last: without it the installation is half made.
  const complete = path.join(home, 'complete');
  if (fs.existsSync(complete)) return app;

  fs.rmSync(home, { recursive: true, force: true });
  fs.mkdirSync(home, { recursive: true });
  const tools = path.join(home, 'tools');
  const bin = path.join(tools, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, YARN_CACHE_FOLDER: path.join(home, 'cache') };
  progress(`Installing NocoBase ${version} from npm, which takes two minutes, once …`);
  await run('npm', ['install', '--no-save', '--prefix', tools, `yarn@${YARN}`, `create-nocobase-app@${version}`], {
    env,
  });
  await run(
    'create-nocobase-app',
    [...'app --skip-dev-dependencies --empty-key -a -d postgres'.split(' '), '-e', 'APP_ENV=production'],
    { cwd: home, env },
  );
  const manifest = path.join(app, 'package.json');
  const settings = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  // The original is a tarball outside the registry.
  settings.resolutions = { ...settings.resolutions, xlsx: '0.18.5' };
  fs.writeFileSync(manifest, JSON.stringify(settings, null, 2));
  progress('Linking its packages …');
  // Its engines ask for Node 22; it runs on 20.
  await run('yarn', ['install', '--production', '--ignore-engines', '--non-interactive'], { cwd: app, env });
  // A container has its environment from the task definition alone.
  fs.rmSync(path.join(app, '.env'), { force: true });
  fs.rmSync(path.join(home, 'cache'), { recursive: true, force: true });
  fs.writeFileSync(complete, '');
  return app;
}

/** What NocoBase writes again in place when it starts, by its environment. */
const REWRITTEN = ['node_modules/@nocobase/app/dist/client/index.html', 'tsconfig.paths.json'];

/** The tools that the image has beside NocoBase. */
export function toolsOf(app: string): string {
  return path.join(app, '..', 'tools', 'node_modules', '.bin');
}

/** A package as it is there, or as one of its packages has it for itself. */
export function moduleOf(app: string, name: string, from = ''): any {
  return createRequire(path.join(app, from && path.join('node_modules', from), 'package.json'))(name);
}

/**
 * What is copied for each node: NocoBase's own packages, beside which it links plug-ins, and links to all others, which
 * ask for none of NocoBase's. Of a hundred thousand files fifteen thousand are left: a copy is made, and removed, in a
 * second or two.
 */
export async function imageOf(app: string, folder: string): Promise<string> {
  const [from, to] = [app, folder].map((each) => path.join(each, 'node_modules'));
  fs.mkdirSync(to, { recursive: true });
  // `.bin` has relative links, also to NocoBase's packages.
  const isOwn = (name: string) => name === '@nocobase' || name.startsWith('.');
  const names = fs.readdirSync(from);
  const [others, own] = [fs.readdirSync(app).filter((name) => name !== 'node_modules'), names.filter(isOwn)];
  await run('cp', ['-al', ...others.map((name) => path.join(app, name)), folder]);
  await run('cp', ['-al', ...own.map((name) => path.join(from, name)), to]);
  for (const name of names.filter((each) => !isOwn(each))) fs.symlinkSync(path.join(from, name), path.join(to, name));
  for (const name of fs.readdirSync(path.join(from, '@nocobase'))) {
    for (const inside of ['node_modules', 'dist/node_modules']) {
      const [shared, copied] = [from, to].map((each) => path.join(each, '@nocobase', name, inside));
      if (!fs.existsSync(shared)) continue;
      fs.rmSync(copied, { recursive: true });
      fs.symlinkSync(shared, copied);
    }
  }
  for (const name of REWRITTEN) {
    fs.rmSync(path.join(folder, name));
    fs.copyFileSync(path.join(app, name), path.join(folder, name));
  }
  return folder;
}

/** A copy for one node. Files are shared by hard links: what nodes write in place is the same for all of a cluster. */
export async function copyOf(image: string, folder: string): Promise<string> {
  await run('cp', ['-al', image, folder]);
  return folder;
}

/** Puts plug-ins of ours where the commercial ones of these names would be; they are not on npm. */
export function addStandIns(app: string, plugins: readonly string[]) {
  const modules = path.join(app, 'node_modules');
  for (const name of plugins) {
    const source = path.join(__dirname, 'adapters', `${path.basename(name)}.js`);
    if (!fs.existsSync(source)) throw new Error(`${name} is required, and nothing in adapters/ stands in for it.`);
    const folder = path.join(modules, name);
    fs.mkdirSync(path.join(folder, 'dist', 'server'), { recursive: true });
    fs.mkdirSync(path.join(folder, 'dist', 'client'), { recursive: true });
    const { version } = JSON.parse(fs.readFileSync(path.join(modules, '@nocobase', 'server', 'package.json'), 'utf8'));
    fs.writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ name, version, main: './dist/server/index.js', nocobase: { supportedVersions: ['2.x'] } }),
    );
    fs.copyFileSync(source, path.join(folder, 'dist', 'server', 'index.js'));
    fs.writeFileSync(path.join(folder, 'dist', 'client', 'index.js'), 'define([], () => ({}));');
  }
  const ours = path.join(__dirname, '..', '..', 'node_modules', 'amqplib');
  fs.cpSync(ours, path.join(modules, 'amqplib'), { recursive: true });
}

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = `${output}${chunk}`.slice(-4000);
      });
    }
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output.trim()}`)),
    );
  });
}
