import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { emulatorPython } from './python';

const SERVER = path.join(__dirname, 'server.py');
const MODULES = path.join(__dirname, '..', '..', 'node_modules');

export interface EmulatorOptions {
  /** @default - a free one */
  readonly port?: number;
  /** Whether it outlives this process. @default false */
  readonly detached?: boolean;
  /** Where what it says goes; a file. @default - a temporary one, which errors quote */
  readonly log?: string;
  /** Told what takes long. */
  readonly progress?: (line: string) => void;
}

/** A local AWS that runs. */
export class Emulator {
  public readonly pid: number;
  /** Resolves when it has ended, whoever ended it. */
  public readonly ended: Promise<void>;

  public constructor(
    public readonly url: string,
    private readonly child: ChildProcess,
  ) {
    this.pid = child.pid!;
    this.ended = new Promise((resolve) => {
      if (hasEnded(child)) resolve();
      child.once('exit', () => resolve());
    });
  }

  public async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}

/** Starts a local AWS. It ends with this process, unless it is detached. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const python = await emulatorPython(options.progress);
  const temporary = options.log === undefined ? fs.mkdtempSync(path.join(os.tmpdir(), 'emulator-')) : undefined;
  const log = options.log ?? path.join(temporary!, 'log');
  const output = fs.openSync(log, 'w');
  const child = spawn(
    python,
    [SERVER, '--port', String(options.port ?? 0), ...(options.detached ? [] : ['--with-parent'])],
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PYTHONDONTWRITEBYTECODE: '1',
        EMULATOR_NODE: process.execPath,
        EMULATOR_NODE_PATH: MODULES,
      },
      // The end of its standard input is the end of this process, however that comes about.
      stdio: [options.detached ? 'ignore' : 'pipe', output, output],
      detached: options.detached,
    },
  );
  fs.closeSync(output);
  const url = await ready(child, log);
  if (options.detached) child.unref();
  const emulator = new Emulator(url, child);
  if (temporary) void emulator.ended.then(() => fs.rmSync(temporary, { recursive: true, force: true }));
  return emulator;
}

/** What makes the CDK CLI and every SDK talk to an emulator, and to nothing else. */
export function environmentFor(url: string, region: string): { [name: string]: string } {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    // Whatever profiles and accounts there are, they are not meant.
    AWS_CONFIG_FILE: os.devNull,
    AWS_SHARED_CREDENTIALS_FILE: os.devNull,
    NO_PROXY: 'localhost,127.0.0.1',
  };
}

/** How to make an SDK client for an emulator. */
export function clientConfiguration(endpoint: string, region: string): ClientConfiguration {
  return { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

export interface ClientConfiguration {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function ready(child: ChildProcess, log: string): Promise<string> {
  for (;;) {
    const said = fs.readFileSync(log, 'utf8');
    const [, url] = /^listening on (\S+)$/m.exec(said) ?? [];
    if (url) return url;
    if (hasEnded(child)) {
      throw new Error(`The local AWS did not start:\n${said.trim().split('\n').slice(-15).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
