import type { Database, Session } from './database';
import { type Identity, type Link, SimulatedLedger } from './ledger';
import type { World } from './world';

const Gate = require('../../lib/launcher/scripts/gate');
const timesOf = require('../../lib/launcher/scripts/times');

/** Shorter than in a cluster, in the same proportions; milliseconds. */
export const SETTINGS = { poll: 2000, lost: 40_000, known: 20_000, kill: 2000, absent: 60_000 };
export const TIMES: { [name in 'poll' | 'lost' | 'known' | 'absent' | 'notice' | 'vanished']: number } =
  timesOf(SETTINGS);
export const TRIES = 2;

/** What is to be deployed: a version and what becomes of it. */
export interface Deployment extends Identity {
  /** Whether its upgrade works. */
  readonly works: boolean;
  /** Whether somebody allows it on what a newer one has migrated. */
  readonly allowed?: boolean;
}

/** NocoBase on a node. */
export interface App {
  readonly alone: boolean;
}

/**
 * A container: the real gate, and what supervise.js does around it, on a clock
 * of its own that may go wrong, stand still, or end.
 */
export class Node implements Link {
  public app?: App;
  public isHealthy = false;
  public isGone = false;
  public said: string[] = [];
  private readonly drift: number;
  private wakesAt = 0;
  private cutUntil = 0;
  private readonly gate: any;
  private stopping = false;
  private readonly sessions: Session[] = [];

  constructor(
    private readonly world: World,
    private readonly database: Database,
    public readonly identity: Deployment,
    times: typeof TIMES,
    private readonly ended: (node: Node) => void,
  ) {
    this.drift = world.between(0.99, 1.01);
    const { generation, image, family, revision, allowed, begins = true } = identity;
    this.gate = new Gate({
      me: {
        generation,
        image,
        family,
        revision,
        begins,
        tries: TRIES,
        single: false,
        changedKeys: () => [],
        allowed: allowed ? image : undefined,
      },
      times,
      clock: { now: () => world.now * this.drift, sleep: (time: number) => this.sleep(time) },
      open: () => SimulatedLedger.open(database, this),
      say: (line: string) => this.said.push(`${Math.round(world.now / 1000)} ${line}`),
      connectFor: Number.POSITIVE_INFINITY,
    });
    void this.live();
  }

  /** Whether users and ECS are told that all is well. */
  public get answersHealth(): boolean {
    return this.isHealthy || this.gate.superseded;
  }

  public awake(): Promise<void> {
    if (this.isGone) return new Promise(() => {});
    const { wakesAt } = this;
    if (wakesAt <= this.world.now) return Promise.resolve();
    return new Promise((resolve) => this.world.at(wakesAt, () => this.awake().then(resolve)));
  }

  public opened(session: Session) {
    this.sessions.push(session);
  }

  public isCut(): boolean {
    return this.world.now < this.cutUntil;
  }

  private async sleep(time: number) {
    await this.world.sleep(Math.max(time, 0) / this.drift);
    await this.awake();
  }

  private get session() {
    return this.gate.ledger?.session;
  }

  /** kill -9 of the whole container. */
  public kill() {
    if (this.isGone) return;
    this.isGone = true;
    this.app = undefined;
    this.isHealthy = false;
    for (const session of this.sessions) this.database.end(session);
    this.ended(this);
  }

  public get standsStill(): boolean {
    return this.wakesAt >= this.world.now;
  }

  private get hasStoodStill(): boolean {
    return this.wakesAt > this.world.now - 1000;
  }

  /** Stands still: launcher and NocoBase alike. The database drops it after a while. */
  public freeze(time: number) {
    this.wakesAt = Math.max(this.wakesAt, this.world.now + time);
    const { session } = this;
    if (session && time > 25_000) {
      this.world.at(this.world.now + 25_000, () => {
        if (session.isAlive && this.wakesAt > this.world.now) this.database.end(session);
      });
    }
  }

  public cutOff(time: number) {
    this.cutUntil = Math.max(this.cutUntil, this.world.now + time);
  }

  /** The database ends its session. */
  public dropSession() {
    if (this.session) this.database.end(this.session);
  }

  /** ECS stops it: TERM, and KILL after a while. */
  public stop() {
    if (this.stopping || this.isGone) return;
    this.stopping = true;
    const patience = this.world.between(1000, 20_000);
    this.world.at(this.world.now + patience, () => this.kill());
  }

  private async live() {
    try {
      for (;;) {
        const { alone } = await this.gate.enter();
        if (this.stopping) return this.kill();
        if (!(await this.serve(alone))) return this.kill();
      }
    } catch {
      // The gate has refused, with a sentence.
      this.kill();
    }
  }

  /** @returns whether this node goes on, without NocoBase */
  private async serve(alone: boolean): Promise<boolean> {
    const { world, gate } = this;
    const run = { healthy: false, over: false };
    this.app = { alone };
    const works = !alone || this.identity.works;
    // Its plug-ins are not there, which shows before it comes to the database.
    const isUntouched = !works && world.chance(0.3);
    if (alone && !isUntouched) this.database.isEmpty = false;
    const start = this.sleep(world.between(3000, alone ? 60_000 : 12_000)).then(() => (works ? 'healthy' : 'failed'));
    const watch: Promise<string> = gate.watch(run);
    let outcome = await Promise.race([start, watch]);
    if (outcome === 'healthy') {
      try {
        outcome = await Promise.race([gate.healthy(alone).then(() => 'healthy'), watch]);
        if (outcome === 'healthy') {
          run.healthy = true;
          this.isHealthy = true;
          outcome = await watch;
        }
      } catch {
        // It lost its session in the last moment: as while starting.
        outcome = 'lost';
      }
    }
    this.isHealthy = false;
    // The health check fails, the load balancer takes it out, NocoBase stops: longer than others wait for who has vanished.
    if (outcome === 'asked') {
      const stops = this.sleep(world.between(2000, 3 * SETTINGS.known)).then(() => 'stopped');
      if ((await Promise.race([stops, gate.watchStop(run)])) === 'lost') outcome = 'killed';
    }
    run.over = true;
    // A process that is killed is gone a moment later; what has stood still does nothing more before it is.
    if (['lost', 'killed'].includes(outcome) && !this.hasStoodStill) await this.sleep(world.between(0, SETTINGS.kill));
    this.app = undefined;
    try {
      await gate.left(outcome === 'failed' && alone ? (isUntouched ? 'untouched' : 'failed') : undefined);
    } catch {
      // The session is lost, and with it the lock.
    }
    return outcome === 'asked' || outcome === 'killed' || (outcome === 'lost' && run.healthy);
  }
}
