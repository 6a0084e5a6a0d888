import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { HEALTH_CHECK_COMMAND, renderLauncherCommand } from '../../lib/launcher/launcher';
import { type Database, type Postgres, startPostgres } from './postgres';

const { freePort } = require('./free-port.cjs');

const FAKE_HOME = join(__dirname, 'fake-nocobase');

/** What does not happen in this time does not happen. No test waits for it in vain when all is well. */
const PATIENCE = 30_000;

export interface Answer {
  readonly status?: number;
  readonly error?: string;
  readonly body: string;
  readonly headers: { [name: string]: unknown };
}

/** How to write a test that has a database of its own. Several run at a time: they mostly wait for processes. */
export function rehearsing() {
  const server = startPostgres();
  afterAll(async () => (await server).stop());
  return (name: string, body: (rehearsal: Rehearsal) => Promise<void>) =>
    test.concurrent(name, async () => {
      const postgres = await server;
      const rehearsal = new Rehearsal(postgres, await postgres.createDatabase());
      try {
        await body(rehearsal);
      } finally {
        await rehearsal.end();
      }
    }, 120_000);
}

/** Nodes that share one database and one storage, and what all of them wrote, in order. */
export class Rehearsal {
  public readonly events: string[] = [];
  public readonly storage: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  private readonly appDir: string;
  private readonly nodes: LauncherNode[] = [];
  private readonly watchers = new Set<() => void>();

  constructor(
    public readonly postgres: Postgres,
    public readonly database: Database,
  ) {
    this.storage = join(this.folder, 'storage');
    this.appDir = join(this.folder, 'app');
    mkdirSync(join(this.appDir, 'node_modules'), { recursive: true });
    symlinkSync(dirname(require.resolve('pg/package.json')), join(this.appDir, 'node_modules/pg'));
  }

  public async start(name: string, environment: NodeJS.ProcessEnv = {}, shell = 'sh'): Promise<LauncherNode> {
    const home = join(this.folder, name);
    const port = await freePort();
    mkdirSync(join(home, 'fake'), { recursive: true });
    const child = spawn(shell, renderLauncherCommand().slice(1), {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${FAKE_HOME}:${process.env.PATH}`,
        NODE_PATH: join(this.appDir, 'node_modules'),
        FAKE_HOME,
        FAKE_TEST_PID: String(process.pid),
        FAKE_DIR: join(home, 'fake'),
        APP_KEY: 'a key',
        APP_AES_SECRET_KEY: 'ab'.repeat(32),
        ...this.database.environment,
        APP_PORT: String(port),
        DB_DIALECT_OPTIONS_SSL_MODE: 'verify-full',
        DB_DIALECT_OPTIONS_SSL_CA: join(home, 'ca', 'rds.pem'),
        DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED: 'true',
        STORAGE_PATH: this.storage,
        LAUNCHER_APP_DIR: this.appDir,
        LAUNCHER_DATABASE_CA: this.postgres.ca,
        LAUNCHER_DRAIN: '0',
        LAUNCHER_ENTRYPOINT: join(FAKE_HOME, 'entrypoint.sh'),
        LAUNCHER_GENERATION: 'nocobase:2.2.15 licensed',
        LAUNCHER_HOME: join(home, 'launcher'),
        LAUNCHER_KEEP_ALIVE: '370',
        LAUNCHER_NODES: 'many',
        LAUNCHER_POLL: '0.05',
        LAUNCHER_LOST: '3',
        LAUNCHER_KNOWN: '2',
        LAUNCHER_KILL: '0.5',
        LAUNCHER_LEAVE: '0.2',
        LAUNCHER_ABSENT: '1',
        LAUNCHER_FAMILY: 'nocobase',
        LAUNCHER_REVISION: '1',
        LAUNCHER_START_TIMEOUT: '60',
        LAUNCHER_STOP_TIMEOUT: '60',
        LAUNCHER_UNHEALTHY_TIMEOUT: '60',
        LAUNCHER_UPGRADE_TIMEOUT: '60',
        NOCOBASE_RUNNING_IN_DOCKER: 'true',
        ...environment,
      },
    });
    const node = new LauncherNode(this, name, child, home, port);
    this.nodes.push(node);
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.record(`${name}: ${line}`));
    }
    return node;
  }

  private record(event: string) {
    this.events.push(event);
    for (const check of this.watchers) check();
  }

  /** Waits until a line of this name (of any node without one) has this text, looking from `from` on. */
  public async said(name: string, text: string | RegExp, from = 0): Promise<number> {
    const matches = (event: string) =>
      event.startsWith(`${name}: `) && (typeof text === 'string' ? event.includes(text) : text.test(event));
    return this.when(`${name} says ${text}`, () => {
      const index = this.events.slice(from).findIndex(matches);
      return index < 0 ? undefined : from + index;
    });
  }

  private when<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        this.watchers.delete(check);
        clearTimeout(timer);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.watchers.delete(check);
        reject(new Error(`Waited in vain until ${what}. What was said:\n${this.events.join('\n')}`));
      }, PATIENCE);
      this.watchers.add(check);
      check();
    });
  }

  /** The events that have this text, in order. */
  public all(text: string | RegExp): string[] {
    return this.events.filter((event) => (typeof text === 'string' ? event.includes(text) : text.test(event)));
  }

  /** Leaves nothing behind. */
  public async end(): Promise<void> {
    for (const node of this.nodes) node.kill();
    await Promise.all(this.nodes.map((node) => node.exit));
    for (const node of this.nodes) await node.killApp();
    rmSync(this.folder, { recursive: true, force: true });
    await this.database.close();
  }
}

export class LauncherNode {
  /** The exit code, or the signal. */
  public readonly exit: Promise<number | string>;

  constructor(
    private readonly rehearsal: Rehearsal,
    public readonly name: string,
    private readonly child: ChildProcess,
    public readonly home: string,
    public readonly port: number,
  ) {
    this.exit = once(child, 'exit').then(([code, signal]) => code ?? signal);
  }

  public said(text: string | RegExp, from = 0) {
    return this.rehearsal.said(this.name, text, from);
  }

  public signal(signal: NodeJS.Signals) {
    this.child.kill(signal);
  }

  public kill() {
    this.child.kill('SIGKILL');
  }

  /** What would be left of the app if its launcher was killed, as a container's end would. */
  public async killApp() {
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        if (environment.includes(`FAKE_DIR=${join(this.home, 'fake')}\0`)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Gone, or not ours.
      }
    }
  }

  /** Steers the fake app, see there. */
  public tell(file: string, content = '') {
    writeFileSync(join(this.home, 'fake', file), content);
  }

  public release(file: string) {
    rmSync(join(this.home, 'fake', file));
  }

  /** As the command line does when it downloads plug-ins: into the shared storage. */
  public install(plugin: string) {
    const folder = join(this.rehearsal.storage, 'plugins', plugin);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{}');
  }

  /** The exit code of the container's health check. */
  public async checkHealth(): Promise<number> {
    const [, command] = HEALTH_CHECK_COMMAND;
    const [code] = await once(
      spawn('sh', ['-c', command.replace('/tmp/nocobase-launcher', join(this.home, 'launcher'))], {
        env: { PATH: process.env.PATH, APP_PORT: String(this.port) },
      }),
      'exit',
    );
    return code;
  }

  public get(path = '/api/__health_check', headers: { [name: string]: string } = {}): Promise<Answer> {
    return get(this.port, path, headers);
  }
}

export function get(
  port: number,
  path: string,
  headers: { [name: string]: string } = {},
  agent?: any,
): Promise<Answer> {
  return new Promise((resolve) => {
    request({ host: '127.0.0.1', port, path, headers, agent: agent ?? false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body, headers: response.headers }));
    })
      .on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code, body: '', headers: {} }))
      .end();
  });
}

/** Asks until the answer is as wanted. */
export async function eventually<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean): Promise<T> {
  const giveUpAt = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > giveUpAt) throw new Error(`Waited in vain; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
