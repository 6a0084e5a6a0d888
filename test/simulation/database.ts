import type { World } from './world';

export interface Row {
  generation: string;
  image: string;
  family: string;
  revision: number;
  asked_by: number | null;
  stop: boolean;
  began: number | null;
  restore_point: string | null;
  healthy: boolean;
  starting: boolean;
  failures: number;
  given_up: boolean;
  install: boolean;
  lapsed: boolean;
  served: boolean;
  given_up_at?: number;
  keys: object | null;
}

export interface Session {
  readonly pid: number;
  isAlive: boolean;
}

/** PostgreSQL as far as nodes see it: sessions with their locks, and the table of the ledger. */
export class Database {
  public readonly rows = new Map<string, Row>();
  public isEmpty = true;
  public isDown = false;
  private readonly sessions = new Set<Session>();
  private readonly locks = new Map<string, { pid: number; exclusive: boolean }[]>();
  private nextPid = 1;

  /** @param offset by which its clock differs */
  constructor(
    public readonly world: World,
    private readonly offset: number,
  ) {}

  public clock(): number {
    return this.world.now + this.offset;
  }

  public connect(): Session {
    const session = { pid: this.nextPid++, isAlive: true };
    this.sessions.add(session);
    return session;
  }

  public end(session: Session) {
    session.isAlive = false;
    this.sessions.delete(session);
    for (const [name, holders] of this.locks) {
      this.locks.set(
        name,
        holders.filter(({ pid }) => pid !== session.pid),
      );
    }
  }

  /** Restarts, or fails over. */
  public goDown(time: number) {
    this.isDown = true;
    for (const session of [...this.sessions]) this.end(session);
    this.world.at(this.world.now + time, () => {
      this.isDown = false;
    });
  }

  public holders(lock: string): { pid: number; exclusive: boolean }[] {
    return this.locks.get(lock) ?? [];
  }

  public tryLock({ pid }: Session, lock: string, exclusive: boolean): boolean {
    const others = this.holders(lock).filter((holder) => holder.pid !== pid);
    if (others.some((other) => exclusive || other.exclusive)) return false;
    this.locks.set(lock, [...this.holders(lock), { pid, exclusive }]);
    return true;
  }

  public unlock({ pid }: Session, lock: string, exclusive: boolean) {
    const holders = [...this.holders(lock)];
    const index = holders.findIndex((holder) => holder.pid === pid && holder.exclusive === exclusive);
    if (index < 0) throw new Error(`${pid} lets go of ${lock}, which it does not hold`);
    holders.splice(index, 1);
    this.locks.set(lock, holders);
  }
}
