import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** Where it runs, and leaves what it leaves when it crashes. */
  readonly folder: string;
  readonly log: string;
  readonly env?: NodeJS.ProcessEnv;
  /** @default - that of this process */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What ends it in an orderly way. @default SIGTERM */
  readonly signal?: NodeJS.Signals;
  /** Whether it is ready, beyond accepting connections. */
  readonly isReady?: () => Promise<boolean>;
}

/** A service on this machine, in a process of its own. */
export class Server {
  private static readonly running = new Set<Server>();

  /** Also those whose start has not come to its end. */
  public static async stopAll(): Promise<void> {
    await Promise.allSettled([...Server.running].map((server) => server.stop()));
  }

  private child?: ChildProcess;
  private exit: Promise<void> = Promise.resolve();

  constructor(private readonly options: ServerOptions) {}

  public get port(): number {
    return this.options.port;
  }

  public async start(): Promise<void> {
    const { command, args, env, user, folder, log, name, port } = this.options;
    const output = fs.openSync(log, 'a');
    const child = spawn(command, args, {
      cwd: folder,
      env,
      ...user,
      stdio: ['ignore', output, output],
      detached: true,
    });
    fs.closeSync(output);
    this.child = child;
    Server.running.add(this);
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => {
        Server.running.delete(this);
        resolve();
      });
    });
    while (!(await accepts(port)) || !((await this.options.isReady?.()) ?? true)) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(
          `${name} did not start:\n${fs.readFileSync(log, 'utf8').trim().split('\n').slice(-20).join('\n')}`,
        );
      }
      await Promise.race([sleep(50), this.exit]);
    }
  }

  public async stop(signal = this.options.signal ?? 'SIGTERM'): Promise<void> {
    if (this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await this.exit;
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
