import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who sits in front, and the clock on the wall. */
export interface Terminal {
  say(line?: string): void;
  /** What somebody answers; undefined where nobody can. */
  ask(question: string): Promise<string | undefined>;
  now(): Date;
  pause(milliseconds: number): Promise<void>;
}

export const terminal: Terminal = {
  say: (line = '') => void process.stdout.write(`${line}\n`),
  async ask(question) {
    if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
    const line = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl-C at the question is one for the whole command.
    line.on('SIGINT', () => process.emit('SIGINT'));
    try {
      return await line.question(question);
    } finally {
      line.close();
    }
  },
  now: () => new Date(),
  pause: (milliseconds) => sleep(milliseconds),
};

/** What was seen, and the result when that is what was waited for. */
export interface Sight<T> {
  readonly seen: string;
  readonly done?: T;
}

const EVERY_MS = 10_000;
const SAY_AGAIN_MS = 5 * 60_000;

/** Looks until it is there. Tells what changes, and every five minutes that nothing does. */
export async function until<T>(io: Terminal, look: () => Promise<Sight<T>>, every = EVERY_MS): Promise<T> {
  const since = io.now().getTime();
  let said: string | undefined;
  let saidAt = 0;
  for (;;) {
    const { seen, done } = await look();
    const now = io.now().getTime();
    if (seen !== said || now - saidAt >= SAY_AGAIN_MS) {
      const minutes = Math.floor((now - since) / 60_000);
      io.say(`  ${seen}${seen === said && minutes > 0 ? ` (for ${minutes} min)` : ''}`);
      said = seen;
      saidAt = now;
    }
    if (done !== undefined) return done;
    await io.pause(every);
  }
}

/** Runs something that Ctrl-C ends, with a sentence about what goes on without it. */
export async function interruptible<T>(sentence: string, run: () => Promise<T>): Promise<T> {
  const interrupted = () => {
    process.stderr.write(`\n${sentence}\n`);
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    return await run();
  } finally {
    process.removeListener('SIGINT', interrupted);
  }
}
