import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const CHECKOUT = path.join(__dirname, '..');
const MADE_BY_THE_BUILD = [
  'dist',
  'build',
  '.jsii',
  'lib/launcher/bundle',
  'lib/preflight/bundle',
  'lib/database/rds-roots.generated.ts',
];
const NOT_SOURCES = ['node_modules', '.git', 'cdk.out', 'coverage'];

// Built in a copy: other tests read the checkout meanwhile.
const temporary = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'packaging-')));
const copy = path.join(temporary, 'copy');
const app = path.join(temporary, 'app');
const installed = path.join(app, 'node_modules/cdk-nocobase');

beforeAll(() => {
  const left = new Set([...MADE_BY_THE_BUILD, ...NOT_SOURCES].map((name) => path.join(CHECKOUT, name)));
  fs.cpSync(CHECKOUT, copy, { recursive: true, filter: (source) => !left.has(source) });
  fs.symlinkSync(path.join(CHECKOUT, 'node_modules'), path.join(copy, 'node_modules'));
  // As it is published: `prepack` builds.
  execFileSync('npm', ['pack', '--offline', '--pack-destination', temporary], { cwd: copy, stdio: 'pipe' });

  // An empty project that has the package and its peers, and nothing else to lean on.
  fs.mkdirSync(installed, { recursive: true });
  const [tarball] = fs.readdirSync(temporary).filter((name) => name.endsWith('.tgz'));
  execFileSync('tar', ['-xzf', path.join(temporary, tarball!), '-C', installed, '--strip-components=1']);
  for (const peer of ['aws-cdk-lib', 'constructs']) {
    fs.symlinkSync(path.join(CHECKOUT, 'node_modules', peer), path.join(app, 'node_modules', peer));
  }
}, 120_000);

afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort();
}

test('the installed package synthesizes a cluster, with nothing but its peers and no environment', () => {
  const program = `
    const { App, Stack } = require('aws-cdk-lib');
    const { NocoBaseCluster, ClusterPlugins } = require('cdk-nocobase');
    const app = new App({ outdir: 'assembly' });
    new NocoBaseCluster(new Stack(app, 'Prod'), 'NocoBase', { plugins: ClusterPlugins.preinstalled() });
    app.synth();`;
  execFileSync(process.execPath, ['-e', program], { cwd: app, env: { CDK_VALIDATION: 'false' }, stdio: 'pipe' });

  const assembly = path.join(app, 'assembly');
  const template = JSON.parse(fs.readFileSync(path.join(assembly, 'Prod.template.json'), 'utf8'));
  const types = Object.values<{ Type: string }>(template.Resources).map((resource) => resource.Type);
  expect(types).toContain('Custom::NocoBasePreflight');
  expect(types).toContain('AWS::ECS::Service');
  const bundle = fs.readFileSync(path.join(CHECKOUT, 'lib/preflight/bundle/index.js'));
  const assets = filesIn(assembly).filter((name) => name.startsWith('asset.') && name.endsWith('index.js'));
  expect(assets.map((name) => fs.readFileSync(path.join(assembly, name)).equals(bundle))).toContain(true);
});

test('the installed package has the command, with nothing but its peers', () => {
  const { bin } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
  const program = path.join(installed, bin['cdk-nocobase']);
  expect(fs.readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, ...args], {
      cwd: app,
      env: { HOME: temporary, AWS_EC2_METADATA_DISABLED: 'true' },
      encoding: 'utf8',
    });

  expect(run('--help')).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^ {2}import-keys /m) });
  // As far as the SDK, which no one has installed here.
  for (const file of ['aes_key.dat', 'jwt_secret.dat']) {
    fs.mkdirSync(path.join(app, 'storage/apps/main'), { recursive: true });
    fs.writeFileSync(path.join(app, 'storage/apps/main', file), randomBytes(32));
  }
  const imported = run('import-keys', './storage', '--secret', 'nocobase-keys');
  expect(imported).toMatchObject({ status: 1, stderr: expect.stringMatching(/^In which region\?/) });
});

test.each(['launcher/bundle', 'preflight/bundle'])('the package has lib/%s, byte for byte', (folder) => {
  const source = path.join(CHECKOUT, 'lib', folder);
  const packed = path.join(installed, 'dist', folder);
  const files = filesIn(source);
  expect(files).not.toEqual([]);
  expect(filesIn(packed)).toEqual(files);
  for (const file of files) {
    expect(fs.readFileSync(path.join(packed, file)).equals(fs.readFileSync(path.join(source, file)))).toBe(true);
  }
});

test('the package has compiled code and documents, nothing else', () => {
  const others = filesIn(installed).filter(
    (name) =>
      !/^dist\/.*\.(js|d\.ts)$/.test(name) &&
      !name.startsWith('dist/launcher/bundle/') &&
      !['.jsii', 'package.json', 'LICENSE', 'README.md', 'API.md', 'CHANGELOG.md'].includes(name),
  );
  expect(others).toEqual([]);
  expect(filesIn(installed).filter((name) => /^dist\/(lib|test|bin|examples)\/|lambda\//.test(name))).toEqual([]);
});

test('the package does not tell where it was built', () => {
  const telling = filesIn(installed).filter((name) => {
    const content = fs.readFileSync(path.join(installed, name), 'utf8');
    return [temporary, CHECKOUT].some((place) => content.includes(place));
  });
  expect(telling).toEqual([]);
});

test('the package can be made into libraries for Python, Java, .NET and Go', () => {
  const { targets, types } = JSON.parse(fs.readFileSync(path.join(installed, '.jsii'), 'utf8'));
  expect(Object.keys(targets)).toEqual(expect.arrayContaining(['python', 'java', 'dotnet', 'go']));
  expect(types).toHaveProperty(['cdk-nocobase.NocoBaseCluster']);
});

test('the types that package.json names are there', () => {
  const { types } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
  expect(fs.readFileSync(path.join(installed, types), 'utf8')).toContain("'./nocobase-cluster'");
});
