import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import type { Service } from './service';
import type { Task } from './task';

const RHYTHM = 100;

/** Who may run NocoBase (LIFE) and of which generation they are (HERE), see lib/launcher/scripts/ledger.js. */
const LIFE = 0x4e4f434c;
const HERE = 0x4e4f4348;

const SAMPLE = `SELECT
  (SELECT coalesce(json_agg(DISTINCT generation), '[]')
   FROM pg_locks life JOIN pg_locks here USING (pid) JOIN cdk_nocobase.generations
     ON here.objid::bigint = hashtext(nocobase_schema || ' ' || generation)::bigint & 4294967295
   WHERE life.locktype = 'advisory' AND life.classid = ${LIFE} AND life.granted
     AND here.locktype = 'advisory' AND here.classid = ${HERE} AND here.granted) AS holders,
  (SELECT coalesce(json_agg(DISTINCT application_name), '[]')
   FROM pg_stat_activity WHERE application_name LIKE 'revision %') AS sessions`;

interface Sample {
  readonly at: number;
  /** Generations of which a node has the lock by which NocoBase may run. */
  readonly holders: readonly string[];
  /** Generations of which NocoBase itself is connected to the database. */
  readonly sessions: readonly string[];
}

/** A time in which NocoBase ran on a node. */
export interface Run {
  readonly node: string;
  readonly generation: string;
  readonly from: number;
  readonly to: number;
}

/** What was seen of generations on one database. */
export interface Testimony {
  readonly samples: number;
  readonly runs: readonly Run[];
  /** Where there were two at once; empty when that never was so. */
  readonly problem: string;
}

/** Looks ten times a second at who runs on the database: at its locks, at its sessions, and at what the nodes say. */
export class Witness {
  private readonly samples: Sample[] = [];
  private isOver = false;
  private readonly looking: Promise<void>;

  constructor(
    private readonly cluster: Cluster,
    private readonly service: Service,
  ) {
    this.looking = this.look();
  }

  public async stop(): Promise<Testimony> {
    this.isOver = true;
    await this.looking;
    const runs = this.service.tasks.flatMap(runsOf);
    const problem = twoAtOnce(this.samples) ?? overlap(runs) ?? '';
    return { samples: this.samples.length, runs, problem };
  }

  private async look() {
    const { database } = this.cluster;
    while (!this.isOver) {
      // While the database is away nobody is connected to it.
      const client = await database.connect().catch(() => undefined);
      while (client && !this.isOver) {
        const sample = await client.query(SAMPLE).catch(() => undefined);
        if (sample === undefined) break;
        const [{ holders, sessions }] = sample.rows;
        this.samples.push({
          at: performance.now(),
          holders,
          sessions: sessions.map((name: string) => this.named(name)),
        });
        await sleep(RHYTHM);
      }
      await client?.end().catch(() => {});
      await sleep(RHYTHM);
    }
  }

  private named(session: string): string {
    return this.service.revisions[Number(session.replace('revision ', '')) - 1].generation;
  }
}

/** Two by the locks or by the sessions, which all of them are those of one moment. */
export function twoAtOnce(samples: readonly Sample[]): string | undefined {
  for (const { holders, sessions } of samples) {
    const generations = new Set([...holders, ...sessions]);
    if (generations.size > 1) return `at the database at one moment: ${[...generations].join(' and ')}`;
  }
  return undefined;
}

/** Two by the times in which NocoBase ran on the nodes. */
export function overlap(runs: readonly Run[]): string | undefined {
  for (const one of runs) {
    const other = runs.find(
      ({ generation, from, to }) => generation !== one.generation && from < one.to && one.from < to,
    );
    if (other) return `${one.node} ran ${one.generation} while ${other.node} ran ${other.generation}`;
  }
  return undefined;
}

/** What a launcher says only while NocoBase does not run on its node. */
const NOT_RUNNING = /stands by|waits|is superseded|asks to begin|does not run here|begins|starts NocoBase/;

/** From the moment at which the launcher starts NocoBase to that at which it has stopped, or the node has ended. */
export function runsOf({ node, revision }: Pick<Task, 'node' | 'revision'>): Run[] {
  if (!node) return [];
  const { said, endedAt } = node.container;
  return said
    .filter(({ line }) => line.includes('starts NocoBase'))
    .map(({ at: from }) => {
      const stop = said.find(({ at, line }) => at > from && NOT_RUNNING.test(line));
      const to = Math.min(stop?.at ?? Number.POSITIVE_INFINITY, endedAt ?? Number.POSITIVE_INFINITY);
      return { node: node.name, generation: revision.generation, from, to };
    });
}
