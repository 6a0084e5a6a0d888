const { currentOf, decide, isNewer, keysOf, ownOf, requestOf, whileRunning } = require('./decide');

/** Between what a restore brings back and the first change of an upgrade, on the database's clock. */
const RESTORE_MARGIN_SECONDS = 2;

const ANOTHER_IS_ALONE =
  'waits: another node installs or upgrades NocoBase on this database; this one starts when that is healthy';

/**
 * Lets NocoBase run on this node only while no other generation does, and start alone where it installs or upgrades.
 * Works on whatever clock and ledger it is given.
 */
module.exports = class Gate {
  /** Whether this node answers the health path with 200 although NocoBase does not run on it. */
  superseded = false;

  /**
   * @param parts `me` (who this node is, see decide.js), `times`, `clock` (now, sleep), `open` (a ledger), `say` (a line),
   *   `connectFor` (how long to try before giving up)
   */
  constructor({ me, times, clock, open, say, connectFor }) {
    Object.assign(this, { me, times, clock, open, connectFor });
    this.tell = say;
  }

  /** The same line at most every 30 s. */
  say(text) {
    const now = this.clock.now();
    if (text === this.said && now < this.sayAgain) return;
    this.said = text;
    this.sayAgain = now + 30000;
    this.tell(text);
  }

  /** Waits until NocoBase may start here. @returns whether it is `alone`: to install or upgrade */
  async enter() {
    for (;;) {
      try {
        if (this.ledger?.lost) this.tell('lost the connection to the database while waiting; connecting again');
        if (!this.ledger || this.ledger.lost) await this.connect();
        const start = this.asking ? await this.goOnAsking() : await this.look();
        if (start) {
          this.superseded = false;
          this.known = false;
          return start;
        }
      } catch (error) {
        if (error.final || !this.ledger?.lost) throw error;
      }
      await this.clock.sleep(this.times.poll);
    }
  }

  async connect() {
    const giveUpAt = this.clock.now() + this.connectFor;
    this.life = undefined;
    this.asking = undefined;
    for (;;) {
      try {
        this.ledger = await this.open();
        this.ledger.onLost = (error) => this.onLost?.(error);
        return;
      } catch (error) {
        if (error.final) throw error;
        if (this.clock.now() > giveUpAt) {
          throw new Error(
            `${error.message}. Check that it runs, its security group, its CA certificate and the credentials`,
          );
        }
        this.say(`${error.message}; trying again`);
      }
      await this.clock.sleep(this.times.poll);
    }
  }

  async look() {
    const view = await this.ledger.view();
    const decision = this.decide(view);
    this.superseded = decision.healthy === true;
    switch (decision.what) {
      case 'join':
        return this.join();
      case 'begin':
        return this.beginAgain();
      case 'ask':
        return this.ask();
      case 'end': {
        const error = new Error(decision.why);
        error.final = true;
        throw error;
      }
      default:
        this.say(decision.why);
        return undefined;
    }
  }

  decide(view) {
    const current = currentOf(view);
    if (current === undefined || current.here.length > 0) this.absentSince = undefined;
    else this.absentSince ??= this.clock.now();
    const absentFor = this.absentSince === undefined ? 0 : this.clock.now() - this.absentSince;
    return decide(this.me, view, absentFor, this.times);
  }

  /** Looks once more under a lock: nobody changes under it what has been seen. */
  async confirm(what) {
    const view = await this.ledger.view();
    const decision = this.decide(view);
    return decision.what === what ? { view, decision } : undefined;
  }

  async takeLife(mode) {
    if (!(await this.ledger.lock('LIFE', mode))) return false;
    this.life = mode;
    return true;
  }

  async letGoOfLife() {
    if (this.life === undefined) return;
    await this.ledger.unlock('LIFE', this.life);
    this.life = undefined;
  }

  async join() {
    const mode = this.me.single ? 'exclusive' : 'shared';
    if (!(await this.takeLife(mode))) {
      this.say(
        this.me.single
          ? 'waits: other nodes of this cluster still run, and a node without cluster adapters must be the only one'
          : ANOTHER_IS_ALONE,
      );
      return undefined;
    }
    if (await this.confirm('join')) return { alone: false };
    await this.letGoOfLife();
    return undefined;
  }

  /** A generation that has begun and was never healthy. */
  async beginAgain() {
    if (!(await this.takeLife('exclusive'))) {
      this.say(ANOTHER_IS_ALONE);
      return undefined;
    }
    const confirmed = await this.confirm('begin');
    if (!confirmed) {
      await this.letGoOfLife();
      return undefined;
    }
    const current = currentOf(confirmed.view);
    if (current.starting) {
      // Its node has vanished; until it has noticed, NocoBase may still run there.
      await this.clock.sleep(this.times.vanished);
      if (!(await this.confirm('begin'))) {
        await this.letGoOfLife();
        return undefined;
      }
    }
    return this.begin(current.restore_point, confirmed.decision.anew);
  }

  async ask() {
    if (!(await this.ledger.lock('ASK', 'exclusive'))) {
      this.say('waits: another node asks to begin');
      return undefined;
    }
    if (!(await this.confirm('ask'))) {
      await this.ledger.unlock('ASK', 'exclusive');
      return undefined;
    }
    await this.ledger.askFor();
    this.asking = { since: this.clock.now(), running: new Set() };
    return undefined;
  }

  /** Holds ASK. */
  async goOnAsking() {
    const { asking, times, clock } = this;
    const view = await this.ledger.view();
    const current = currentOf(view);
    if (requestOf(view)?.generation !== this.me.generation || this.decide(view).what !== 'ask') {
      await this.stopAsking();
      return undefined;
    }
    this.watchOthers(view);
    if (!asking.ordered) {
      // On a database that nothing has begun on there is nobody to notice.
      if (current !== undefined && clock.now() - asking.since < times.notice) {
        this.say(
          `asks to begin "${this.me.generation}"; the nodes before serve on for ${Math.ceil(times.notice / 1000)} s`,
        );
        return undefined;
      }
      await this.ledger.orderStop();
      asking.ordered = true;
      return undefined;
    }
    if (this.life === undefined && !(await this.takeLife('exclusive'))) {
      this.say('waits until the nodes before have stopped');
      return undefined;
    }
    if (clock.now() < (asking.notBefore ?? 0)) {
      this.say('waits: a node before has vanished, and may run until it notices');
      return undefined;
    }
    const restorePoint = await this.restorePoint(current);
    if (restorePoint === undefined) return undefined;
    const own = ownOf(this.me, view);
    return this.begin(restorePoint, isNewer(this.me, own) || own.lapsed);
  }

  /** Who ran and has let go in order is still here; who is not has vanished. */
  watchOthers({ alive, here }) {
    const { asking } = this;
    for (const pid of asking.running) {
      if (alive.includes(pid)) continue;
      asking.running.delete(pid);
      if (!here.includes(pid)) asking.notBefore = this.clock.now() + this.times.vanished;
    }
    for (const pid of alive) asking.running.add(pid);
  }

  /** The database is quiet: a moment to which it can be restored, and which has passed. */
  async restorePoint(current) {
    // Of a generation that never was healthy, that before it is what one would go back to.
    if (current && !current.healthy && current.restore_point) return current.restore_point;
    this.asking.quietAt ??= await this.ledger.clock();
    return (await this.ledger.isPast(this.asking.quietAt, RESTORE_MARGIN_SECONDS)) ? this.asking.quietAt : undefined;
  }

  async begin(restorePoint, anew) {
    const view = await this.ledger.view();
    const install = await this.ledger.prepare(view);
    await this.ledger.begin(restorePoint, install, anew);
    if (this.asking) await this.stopAsking();
    this.tell(
      install
        ? 'installs NocoBase in the empty schema; other nodes wait'
        : `begins "${this.me.generation}" on this database, upgrading if needed; other nodes wait. Restore point: ${restorePoint}, of revision ${this.me.family}:${this.me.revision}`,
    );
    return { alone: true };
  }

  async stopAsking() {
    this.asking = undefined;
    await this.ledger.unlock('ASK', 'exclusive');
  }

  /** NocoBase is healthy here: others may start. */
  async healthy(alone) {
    try {
      await this.noteNode();
    } catch (error) {
      // What starts next notes them; this node serves on and takes its lock again.
      if (alone || !this.ledger.lost) throw error;
    }
    if (!alone) return;
    // After a stand-still somebody else may have begun by now.
    if (this.clock.now() - this.seen > this.times.known) throw new Error('it stood still for too long');
    await this.ledger.healthy();
    if (this.me.single) return;
    await this.ledger.lock('LIFE', 'shared');
    await this.ledger.unlock('LIFE', 'exclusive');
    this.life = 'shared';
  }

  /** NocoBase works with the keys of this node, and as of this revision. */
  async noteNode() {
    if (!this.me.begins) return;
    const view = await this.ledger.view();
    const known = keysOf(view);
    if (known === undefined || this.me.changedKeys(known).length > 0) await this.ledger.noteKeys(known);
    // What began may be older than this deployment of it, by which a rollback is then measured.
    if (isNewer(this.me, currentOf(view))) await this.ledger.noteRevision();
  }

  /**
   * NocoBase has stopped here.
   *
   * @param how of a start that was alone and not healthy: 'failed', 'final' (another try is of no use), 'untouched' (it
   *   failed before it came to the database) or 'stopped'
   */
  async left(how) {
    if (this.ledger.lost) return;
    if (how === 'failed') await this.ledger.failed(this.me.tries);
    if (how === 'final') await this.ledger.failed(1);
    if (how === 'untouched') await this.ledger.withdraw(this.me.tries);
    if (how === 'stopped') await this.ledger.stoppedStarting();
    await this.letGoOfLife();
  }

  /**
   * As long as NocoBase runs here.
   *
   * @param run `healthy` (has been: an upgrade is not left for anybody, and does not survive its session) and `over`
   * @returns why it has to stop: 'asked', in order, or 'lost', at once
   */
  async watch(run) {
    const { clock, times } = this;
    this.seen = clock.now();
    // Also what has stood still for long sees that, before it does anything else.
    const left = () => this.seen + (this.known || !run.healthy ? times.known : times.lost) - clock.now();
    this.attempt = {};
    try {
      while (!run.over) {
        if (left() <= 0 || (this.ledger.lost && !run.healthy)) return 'lost';
        const asked = clock.now();
        const view = await Promise.race([this.lookOrRetake(this.attempt), clock.sleep(left())]);
        if (view === 'taken' || left() <= 0) return 'lost';
        if (view) {
          this.seen = asked;
          const { asked: known, leave } = whileRunning(this.me, view);
          this.known = known;
          if (leave && run.healthy) return 'asked';
        }
        await clock.sleep(times.poll);
      }
      return undefined;
    } finally {
      this.attempt = undefined;
    }
  }

  /**
   * As long as NocoBase is being stopped here: who waits for that waits for this node only as long as its session lives.
   *
   * @returns 'lost' when it has to be gone at once
   */
  async watchStop(run) {
    const { clock, times } = this;
    const left = () => this.seen + times.known - clock.now();
    while (!run.over) {
      if (this.ledger.lost || left() <= 0) return 'lost';
      const asked = clock.now();
      const look = this.ledger.view().then(
        () => true,
        () => false,
      );
      if (await Promise.race([look, clock.sleep(left()).then(() => false)])) this.seen = asked;
      await clock.sleep(Math.min(times.poll, Math.max(left(), 0)));
    }
    return undefined;
  }

  /** @returns what is to be seen, 'taken' if another generation has begun meanwhile, or nothing where nobody answers */
  async lookOrRetake(attempt) {
    try {
      return this.ledger.lost ? await this.retake(attempt) : await this.ledger.view();
    } catch (error) {
      if (!this.retaking) {
        this.tell(
          `lost the connection to the database (${error.message}); takes it up again, NocoBase goes on meanwhile`,
        );
      }
      this.retaking = true;
      return undefined;
    }
  }

  async retake(attempt) {
    const ledger = await this.open();
    const isOurs = (view) => currentOf(view)?.generation === this.me.generation;
    if (!isOurs(await ledger.view())) {
      await ledger.close();
      return 'taken';
    }
    // Where the lock is not free this node's own session has it, of which the database does not know yet that it is gone.
    const view = (await ledger.lock('LIFE', this.life)) ? await ledger.view() : undefined;
    if (view === undefined || !isOurs(view) || this.attempt !== attempt) {
      await ledger.close();
      return view && !isOurs(view) ? 'taken' : undefined;
    }
    this.ledger = ledger;
    ledger.onLost = (error) => this.onLost?.(error);
    this.retaking = false;
    this.tell('has its connection and its lock again');
    return view;
  }

  close() {
    return this.ledger?.close();
  }
};
