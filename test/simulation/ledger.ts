import type { Database, Row, Session } from './database';

/** How long the server keeps the session of a client that has vanished from the network (see database.js). */
const SERVER_NOTICES = 25_000;
/** How long a client waits for an answer (see database.js). */
const ANSWER = 15_000;
/** How long a version stays given up. */
const LAPSES = 15 * 60_000;

export interface Identity {
  readonly generation: string;
  readonly image: string;
  readonly family: string;
  readonly revision: number;
  /** @default true */
  readonly begins?: boolean;
}

/** What is between a node and the database. */
export interface Link {
  readonly identity: Identity;
  /** Resolves when the process runs, which may have been stopped for a while. Never, when it was killed. */
  awake(): Promise<void>;
  isCut(): boolean;
  /** A connection of it, which ends with the process. */
  opened(session: Session): void;
}

/** The ledger of a node, with the interface of lib/launcher/scripts/ledger.js. */
export class SimulatedLedger {
  public lost = false;
  public onLost: (error: Error) => void = () => {};

  public static async open(database: Database, link: Link): Promise<SimulatedLedger> {
    const { world } = database;
    await world.sleep(world.between(1, 20));
    if (database.isDown || link.isCut()) {
      await world.sleep(link.isCut() ? ANSWER : 10);
      await link.awake();
      throw new Error('cannot connect to the database');
    }
    // A process that was killed connects no more.
    await link.awake();
    const session = database.connect();
    link.opened(session);
    const ledger = new SimulatedLedger(database, link, session);
    await link.awake();
    await ledger.lock('HERE', 'shared');
    return ledger;
  }

  private constructor(
    private readonly database: Database,
    private readonly link: Link,
    public readonly session: Session,
  ) {}

  private async ask<T>(answer: () => T): Promise<T> {
    const { world } = this.database;
    if (this.lost) throw new Error('the connection is lost');
    await world.sleep(world.between(0.5, 20));
    const answered = !this.link.isCut();
    if (!answered) {
      // The server will notice, and so will this side.
      const { session } = this;
      world.at(world.now + SERVER_NOTICES, () => {
        if (this.link.isCut() && session.isAlive) this.database.end(session);
      });
      await world.sleep(ANSWER);
    }
    const isGood = answered && this.session.isAlive && !this.database.isDown;
    const result = isGood ? answer() : undefined;
    await world.sleep(world.between(0.5, 20));
    await this.link.awake();
    if (this.lost) throw new Error('the connection is lost');
    if (!isGood) {
      this.lose(new Error('the connection was closed'));
      throw new Error('the connection was closed');
    }
    return result as T;
  }

  private lose(error: Error) {
    if (this.lost) return;
    this.lost = true;
    // The server hears of it a little later.
    const { world } = this.database;
    world.at(world.now + world.between(0, 10_000), () => this.database.end(this.session));
    this.onLost(error);
  }

  private get row(): Row {
    return this.database.rows.get(this.link.identity.generation)!;
  }

  public view() {
    const { database, session } = this;
    return this.ask(() => {
      const life = database.holders('LIFE');
      const here = (generation: string) => database.holders(`HERE ${generation}`).map(({ pid }) => pid);
      return {
        me: session.pid,
        empty: database.isEmpty,
        rows: [...database.rows.values()].map((row) => ({
          ...row,
          lapsed: row.given_up && database.clock() - row.given_up_at! > LAPSES,
          here: here(row.generation).filter((pid) => pid !== session.pid),
        })),
        here: ['', ...database.rows.keys()].flatMap(here),
        alive: life.map(({ pid }) => pid),
        asker: database.holders('ASK')[0]?.pid,
      };
    });
  }

  private nameOf(lock: string): string {
    const { begins = true, generation } = this.link.identity;
    return lock === 'HERE' ? `HERE ${begins ? generation : ''}` : lock;
  }

  public lock(lock: string, mode: string): Promise<boolean> {
    return this.ask(() => this.database.tryLock(this.session, this.nameOf(lock), mode === 'exclusive'));
  }

  public unlock(lock: string, mode: string): Promise<void> {
    return this.ask(() => this.database.unlock(this.session, this.nameOf(lock), mode === 'exclusive'));
  }

  private blank(): Row {
    return {
      ...this.link.identity,
      asked_by: null,
      stop: false,
      began: null,
      restore_point: null,
      healthy: false,
      starting: false,
      failures: 0,
      given_up: false,
      install: false,
      lapsed: false,
      served: false,
      keys: null,
    };
  }

  public askFor(): Promise<void> {
    return this.ask(() => {
      const { rows } = this.database;
      for (const row of rows.values()) Object.assign(row, { asked_by: null, stop: false });
      const { generation } = this.link.identity;
      rows.set(generation, { ...(rows.get(generation) ?? this.blank()), asked_by: this.session.pid });
    });
  }

  public orderStop(): Promise<void> {
    return this.ask(() => {
      this.row.stop = true;
    });
  }

  public clock(): Promise<string> {
    return this.ask(() => String(this.database.clock()));
  }

  public isPast(moment: string, seconds: number): Promise<boolean> {
    return this.ask(() => this.database.clock() > Number(moment) + seconds * 1000);
  }

  public async prepare({ empty, rows }: { empty: boolean; rows: Row[] }): Promise<boolean> {
    const begun = rows.filter(({ began }) => began !== null);
    return empty || (begun.some(({ install }) => install) && !begun.some(({ healthy }) => healthy));
  }

  public begin(restorePoint: string, install: boolean, anew: boolean): Promise<void> {
    return this.ask(() => {
      const { rows } = this.database;
      const { identity } = this.link;
      if (install) for (const name of rows.keys()) if (name !== identity.generation) rows.delete(name);
      const known = rows.get(identity.generation) ?? this.blank();
      rows.set(identity.generation, {
        ...known,
        ...identity,
        revision:
          install || known.family !== identity.family ? identity.revision : Math.max(known.revision, identity.revision),
        asked_by: null,
        stop: false,
        began: this.database.clock(),
        restore_point: restorePoint,
        healthy: false,
        starting: true,
        failures: anew ? 0 : known.failures,
        given_up: false,
        install: known.install || install,
        served: known.served && !install,
      });
    });
  }

  public noteKeys(): Promise<void> {
    return this.ask(() => {
      this.row.keys = {};
    });
  }

  public healthy(): Promise<void> {
    return this.ask(() => {
      Object.assign(this.row, {
        healthy: true,
        starting: false,
        failures: 0,
        given_up: false,
        install: false,
        served: true,
      });
    });
  }

  public failed(tries: number): Promise<void> {
    return this.ask(() => {
      const failures = this.row.failures + 1;
      const given_up_at = this.database.clock();
      Object.assign(this.row, { starting: false, failures, given_up: failures >= tries, given_up_at });
    });
  }

  public noteRevision(): Promise<void> {
    return this.ask(() => {
      const { family, revision } = this.link.identity;
      Object.assign(this.row, { family, revision });
    });
  }

  public async withdraw(tries: number): Promise<void> {
    await this.failed(tries);
    await this.ask(() => {
      Object.assign(this.row, { began: null, restore_point: null });
    });
  }

  public stoppedStarting(): Promise<void> {
    return this.ask(() => {
      this.row.starting = false;
    });
  }

  public async close(): Promise<void> {
    this.lost = true;
    this.database.end(this.session);
  }
}
