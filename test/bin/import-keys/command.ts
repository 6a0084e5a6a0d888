import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { FakeSecretsManager } from './fake-secrets-manager';
import { type Key, leaks } from './leaks';

const ROOT = path.join(__dirname, '../../..');

// Every run is a process, and machines may be busy.
jest.setTimeout(60_000);

/** Somebody who may not read everything, as root may. Undefined: whoever runs this is one. */
export const NOBODY = process.getuid?.() === 0 ? 65534 : undefined;

/** What a run of the command came to. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** On standard input. */
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

/** Runs `cdk-nocobase` as it is shipped, and looks after every run whether any of a key got out. */
export class Command {
  public readonly aws = new FakeSecretsManager();
  public readonly folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'import-keys-')));
  /** Everything that must not be seen. */
  public readonly keys: Key[] = [];

  private readonly program = path.join(this.folder, 'cdk-nocobase.js');
  private storages = 0;

  public async start(): Promise<void> {
    // Also others than its owner run it here.
    fs.chmodSync(this.folder, 0o755);
    execFileSync(process.execPath, [path.join(ROOT, 'scripts/command.mjs'), this.program]);
    await this.aws.start();
  }

  public async stop(): Promise<void> {
    await this.aws.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  public reset(): void {
    this.aws.reset();
    this.keys.length = 0;
  }

  /** A folder of its own with these files. */
  public files(contents: Readonly<Record<string, Buffer | string>>): string {
    this.storages += 1;
    const folder = path.join(this.folder, `files-${this.storages}`);
    fs.mkdirSync(folder);
    for (const [name, content] of Object.entries(contents)) {
      const file = path.join(folder, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    }
    return folder;
  }

  /** 32 bytes that must not be seen. */
  public newKey(): Buffer {
    return this.secret(randomBytes(32));
  }

  public secret<K extends Key>(key: K): K {
    this.keys.push(key);
    return key;
  }

  public async importKeys(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.run(['import-keys', ...args], options);
  }

  public async run(args: readonly string[], { input, env, uid }: RunOptions = {}): Promise<Run> {
    const child = spawn(process.execPath, [this.program, ...args], {
      cwd: this.folder,
      uid,
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        AWS_MAX_ATTEMPTS: '1',
        AWS_ENDPOINT_URL_SECRETS_MANAGER: this.aws.url,
        ...env,
      },
    });
    const [stdout, stderr] = [child.stdout, child.stderr].map(async (stream) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks).toString('latin1');
    });
    // The command may be done before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    // Latin 1 above: a key that is no text would not be recognised after it was decoded.
    const [said, complained] = await Promise.all([stdout, stderr]);
    const made = [...this.aws.requests.map(({ body }) => body.SecretString ?? ''), ...this.secretValues()];
    const keys = [...this.keys, ...made.flatMap(valuesIn)];
    expect(leaks(`${said}\n${complained}`, keys)).toEqual([]);
    const [readable, readableToo] = [said, complained].map((text) => Buffer.from(text, 'latin1').toString());
    return { code, stdout: readable!, stderr: readableToo! };
  }

  private secretValues(): string[] {
    return [...this.aws.secrets.values()].map(({ text }) => text ?? '');
  }
}

function valuesIn(secret: string): string[] {
  try {
    return Object.values(JSON.parse(secret)).filter((value) => typeof value === 'string');
  } catch {
    return [secret];
  }
}

/** The Secret that keys are imported into, where a test does not say. */
export const TARGET = ['--secret', 'nocobase-keys'];

/** What `env` prints in a container, with these variables in it. */
export function printedByEnv(variables: Readonly<Record<string, string>>): string {
  const all = { PATH: '/usr/local/bin:/usr/bin:/bin', ...variables };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The command for all tests of a file. */
export function commandForTests(): Command {
  const command = new Command();
  beforeAll(() => command.start());
  afterAll(() => command.stop());
  beforeEach(() => command.reset());
  return command;
}
