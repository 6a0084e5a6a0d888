import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, type Entry, makeCollection } from './api';

/** A request, and what became of it. */
export interface Answer {
  readonly at: number;
  /** Whether it was to write a record. */
  readonly isWrite: boolean;
  /** Undefined when it was answered as it should be. */
  readonly problem?: string;
}

/** Requests in a second, and at most so many at once: users who do not ask again before they are answered. */
const RATE = 20;
const BOUND = 60;
const PATIENCE = 15_000;

/** Users at work: reading without and with a session, and writing. */
export class Load {
  private readonly answers: Answer[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: BOUND });
  private readonly pending = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private turn = 0;

  /** They have been at it for a while. */
  public static async begin(entry: Entry): Promise<Load> {
    const api = await Api.signIn(entry);
    const load = new Load(api, await makeCollection(api));
    await sleep(2000);
    return load;
  }

  private constructor(
    private readonly api: Api,
    private readonly collection: string,
  ) {
    this.timer = setInterval(() => this.next(), 1000 / RATE);
  }

  /** No new requests; waits for the answers that are due. */
  public async stop(): Promise<readonly Answer[]> {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    this.agent.destroy();
    return this.answers;
  }

  /** An upload that takes its time. @returns the problem, if there is one */
  public upload(duration: number): Promise<string | undefined> {
    const pieces = 20;
    const body = JSON.stringify({ title: 'x'.repeat(200) });
    const size = Math.ceil(body.length / pieces);
    return this.ask(`${this.collection}:create`, async (write) => {
      for (let i = 0; i < pieces; i++) {
        write(body.slice(i * size, (i + 1) * size));
        await sleep(duration / pieces);
      }
    });
  }

  private next() {
    if (this.pending.size >= BOUND) return;
    this.turn += 1;
    const path =
      this.turn % 10 === 0
        ? `${this.collection}:create`
        : this.turn % 2 === 0
          ? `${this.collection}:list?pageSize=1`
          : 'app:getLang?locale=en-US';
    const at = performance.now();
    const body = path.endsWith(':create') ? JSON.stringify({ title: `record ${this.turn}` }) : undefined;
    const asked = this.ask(path, body === undefined ? undefined : async (write) => write(body)).then((problem) => {
      this.answers.push({ at, problem, isWrite: body !== undefined });
      this.pending.delete(asked);
    });
    this.pending.add(asked);
  }

  /** @returns the problem, if there is one */
  private ask(path: string, body?: (write: (text: string) => void) => Promise<void>): Promise<string | undefined> {
    return new Promise((resolve) => {
      const asked = request(this.api.urlOf(path), {
        method: body ? 'POST' : 'GET',
        agent: this.agent,
        headers: { ...this.api.headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      });
      const limit = setTimeout(() => asked.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)), PATIENCE);
      const done = (problem?: string) => {
        clearTimeout(limit);
        resolve(problem);
      };
      asked.on('error', ({ message }) => done(message));
      asked.on('response', (response) => {
        response.resume();
        response.on('error', ({ message }) => done(message));
        response.on('end', () => done(response.statusCode === 200 ? undefined : `HTTP ${response.statusCode}`));
      });
      void (body?.((text) => asked.write(text)) ?? Promise.resolve()).then(() => asked.end());
    });
  }
}

/** `3 of 400 failed: 2 × HTTP 502, 1 × …` */
export function summary(answers: readonly Answer[]): string {
  const problems = new Map<string, number>();
  for (const { problem } of answers) if (problem) problems.set(problem, (problems.get(problem) ?? 0) + 1);
  const failed = [...problems.values()].reduce((sum, count) => sum + count, 0);
  const details = [...problems].map(([problem, count]) => `${count} × ${problem}`);
  return `${failed} of ${answers.length} requests failed${failed > 0 ? `: ${details.join(', ')}` : ''}`;
}

export function failures(answers: readonly Answer[]): Answer[] {
  return answers.filter(({ problem }) => problem !== undefined);
}

/** When requests failed, in seconds since the first: `12.1–53.0 (806)`, parts that are a second apart. */
export function failingTimes(answers: readonly Answer[]): string {
  const parts: number[][] = [];
  for (const { at } of failures(answers).sort((one, other) => one.at - other.at)) {
    const since = (at - answers[0].at) / 1000;
    const last = parts.at(-1);
    if (last !== undefined && since - last[last.length - 1] < 1) last.push(since);
    else parts.push([since]);
  }
  return parts.map((part) => `${part[0].toFixed(1)}–${part.at(-1)!.toFixed(1)} s (${part.length})`).join(', ');
}

/** The longest time, in milliseconds, in which nobody was answered as it should be. */
export function longestOutage(answers: readonly Answer[]): number {
  const good = answers.filter(({ problem }) => problem === undefined).map(({ at }) => at);
  const moments = [answers[0].at, ...good.sort((one, other) => one - other), answers.at(-1)!.at];
  return Math.max(...moments.slice(1).map((at, index) => at - moments[index]));
}
