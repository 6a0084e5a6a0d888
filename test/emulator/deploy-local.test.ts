import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { CHECKOUT } from './cdk-cli';
import { emulatorPython, LOCAL } from './python';

// The commands as a newcomer types them, with a directory of their own for what they leave behind.

let local: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  await emulatorPython();
});
beforeEach(() => {
  local = fs.mkdtempSync(path.join(os.tmpdir(), 'deploy-local-test-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(local, { recursive: true, force: true });
});

/** A Python environment that has been made before. */
function lendPython() {
  for (const name of fs.readdirSync(LOCAL).filter((entry) => entry.startsWith('emulator-'))) {
    fs.symlinkSync(path.join(LOCAL, name), path.join(local, name));
  }
}

/** A script of package.json that runs, and what it has said so far. */
class Script {
  public output = '';
  public readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;

  public constructor(name: 'deploy' | 'destroy', args: string[] = [], env: NodeJS.ProcessEnv = {}) {
    const [command, ...rest] = require('../../package.json').scripts[`${name}:local`].split(' ');
    expect(command).toBe('node');
    this.child = spawn(process.execPath, [...rest, ...args], {
      cwd: CHECKOUT,
      env: { ...process.env, CDK_NOCOBASE_LOCAL: local, CDK_VALIDATION: 'false', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(this.child);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
      });
    }
    this.exit = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** Waits until it has said something; fails when it ends without. */
  public async says(text: string): Promise<void> {
    await Promise.race([
      new Promise<void>((resolve) => {
        const look = () => this.output.includes(text) && resolve();
        this.child.stdout!.on('data', look);
        look();
      }),
      this.exit.then((code) => {
        if (!this.output.includes(text)) throw new Error(`ended with ${code}, without '${text}':\n${this.output}`);
      }),
    ]);
  }

  public interrupt() {
    this.child.kill('SIGINT');
  }
}

async function isGone(url: string): Promise<boolean> {
  return fetch(url).then(
    () => false,
    () => true,
  );
}

const urlIn = (output: string) => /runs at (\S+)\./.exec(output)![1];

test('deploys an example, prints its outputs, takes another deployment, and is taken away by destroy:local', async () => {
  lendPython();
  const first = new Script('deploy', ['production']);
  await first.says('Ctrl-C or npm run destroy:local takes it away');
  expect(first.output).toMatch(/Stands in for yours: the Secret nocobase-license/);
  expect(first.output).toMatch(/Stands in for yours: the hosted zone example\.com/);
  expect(first.output).toMatch(/Outputs:\nProduction\.\w+/);
  expect(first.output).toMatch(/Production\.NocoBaseUrl\w+ = https:\/\/nocobase\.example\.com\//);

  const second = new Script('deploy', ['-c', 'license=pending', '--progress', 'bar']);
  expect(await second.exit).toBe(0);
  expect(second.output).toMatch(/NocoBase\.NextStep = 1\. Open https:/);
  expect(second.output).not.toContain('runs at');

  const url = urlIn(first.output);
  const destroy = new Script('destroy');
  expect(await destroy.exit).toBe(0);
  expect(destroy.output).toContain(`The local AWS at ${url} is gone`);
  expect(await first.exit).toBe(0);
  expect(await isGone(url)).toBe(true);

  const again = new Script('destroy');
  expect(await again.exit).toBe(0);
  expect(again.output).toContain('There is no local AWS to take away');
});

test('Ctrl-C takes it away, in the middle of a deployment too', async () => {
  lendPython();
  const script = new Script('deploy');
  await script.says('Bootstrapping environment');
  script.interrupt();
  expect(await script.exit).toBe(130);
  expect(await isGone(urlIn(script.output))).toBe(true);
});

test('with --detach comes back, and the local AWS goes on', async () => {
  lendPython();
  const script = new Script('deploy', ['minimal', '--detach']);
  expect(await script.exit).toBe(0);
  expect(await isGone(urlIn(script.output))).toBe(false);
  expect(await new Script('destroy').exit).toBe(0);
  expect(await isGone(urlIn(script.output))).toBe(true);
});

test('where nobody looks, a failed deployment leaves nothing behind', async () => {
  lendPython();
  const script = new Script('deploy', ['-c', 'nocobase.web.minNodes=99', '--detach']);
  expect(await script.exit).toBe(1);
  expect(script.output).toMatch(/nocobase\.web\.minNodes/);
  expect(script.output).toContain('The deployment failed. The local AWS is gone.');
  expect(await isGone(urlIn(script.output))).toBe(true);
});

test('an example that does not exist is told apart from one that is misspelt', async () => {
  const script = new Script('deploy', ['prodution']);
  expect(await script.exit).toBe(1);
  expect(script.output).toContain("There is no example 'prodution'; did you mean 'production'?");
  expect(script.output).toContain('everything-existing, existing-app');
});

test('an example after the options is not taken for a value of theirs', async () => {
  const script = new Script('deploy', ['--progress', 'bar', 'minimal']);
  expect(await script.exit).toBe(1);
  expect(script.output).toContain('The example comes first: npm run deploy:local -- minimal');
});

test('without Python says so, and names the package', async () => {
  const script = new Script('deploy', [], { PATH: local });
  expect(await script.exit).toBe(1);
  expect(script.output).toMatch(/needs Python 3\.10 or newer; there is no python3 here/);
  expect(script.output).toMatch(/apt install python3 python3-venv/);
  expect(script.output).not.toMatch(/\n\s+at /);
});
