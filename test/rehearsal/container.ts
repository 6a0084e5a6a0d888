import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

/** A line of the launcher, and when it was read. */
export interface Said {
  readonly at: number;
  readonly line: string;
}

export interface ContainerOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Its own copy of the app: the image's file system. */
  readonly app: string;
  /** The file for what it prints. */
  readonly log: string;
  readonly stopTimeout: number;
  readonly onLine: (line: string) => void;
}

/** A container of ECS: a command with its environment, stopped by TERM and, when that takes too long, KILL. */
export class Container {
  public readonly lines: string[] = [];
  public readonly said: Said[] = [];
  /** When it had ended. */
  public endedAt?: number;
  public readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(private readonly options: ContainerOptions) {
    const [command, ...args] = options.command;
    this.child = spawn(command, args, {
      cwd: options.app,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const log = fs.createWriteStream(options.log);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (line.startsWith('[launcher]')) this.said.push({ at: performance.now(), line });
        log.write(`${line}\n`);
        options.onLine(line);
      });
    }
    this.ended = new Promise((resolve) =>
      this.child.once('exit', (code) => {
        this.endedAt = performance.now();
        resolve(code);
      }),
    );
  }

  public get environment(): { readonly [name: string]: string } {
    return this.options.environment;
  }

  public hasSaid(what: string | RegExp): boolean {
    return this.said.some(({ line }) => (typeof what === 'string' ? line.includes(what) : what.test(line)));
  }

  public get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it logged as an error. That NocoBase tells the health check to wait is none. */
  public errors(): string[] {
    return this.lines.filter((line) => /"level":"(error|fatal)"/.test(line) && !/"responseErrorWithCode"/.test(line));
  }

  /** As ECS does. @returns the exit code; null when it had to be killed */
  public async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), this.options.stopTimeout);
    const code = await this.ended;
    clearTimeout(timer);
    this.kill();
    return code;
  }

  /** Halts NocoBase's process, as an endless loop in it would. */
  public hang() {
    const listener = path.join(this.options.environment.LAUNCHER_HOME, 'port.wanted');
    process.kill(Number(fs.readFileSync(listener, 'utf8')), 'SIGSTOP');
  }

  /** All of its processes at once, as at the end of a container. They are known by their environment. */
  public kill() {
    const mark = `LAUNCHER_HOME=${this.options.environment.LAUNCHER_HOME}\0`;
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile, or belongs to somebody else.
      }
    }
  }
}
