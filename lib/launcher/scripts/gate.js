const { setTimeout: sleep } = require('node:timers/promises');
const Database = require('./database');
const { clearHalfMade, isEmpty } = require('./install');
const log = require('./log');
const { generation, poll, schema, single, startTimeout } = require('./settings');

/**
 * Two advisory locks for each database and NocoBase schema (class id, hashtext of the schema's name):
 * LIFE, as long as a node lives: shared by nodes of a cluster, exclusive for a node that must be the only one.
 * BOOT, until a node is healthy: exclusive for the first start of a generation, shared for its later ones.
 * Always taken in this order, so that nobody waits in a circle.
 */
const LIFE = 0x4e_4f_43_4c; // NOCL
const BOOT = 0x4e_4f_43_42; // NOCB

const TABLE = 'cdk_nocobase.generations';
const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (
  nocobase_schema text, generation text,
  began_at timestamptz NOT NULL, healthy_at timestamptz,
  install boolean NOT NULL, -- it began on an empty schema
  PRIMARY KEY (nocobase_schema, generation))`;

/** Polls that a node which lost its connection waits for LIFE when it is back and somebody else has it. */
const RETAKE_POLLS = 15;

const now = () => performance.now();

/** The same line at most every 30 s. */
function waitingLog() {
  let next = 0;
  return (text) => {
    if (now() < next) return;
    next = now() + 30000;
    log(text);
  };
}

module.exports = class Gate {
  /** Called when the connection, and with it the locks, are gone. */
  onLost = () => {};

  /** Waits until this node may start. @returns whether it is `alone`: the one to install or upgrade */
  async enter() {
    for (;;) {
      if (!this.database || this.database.lost) await this.connect();
      try {
        await this.takeLife();
        return { alone: await this.takeBoot() };
      } catch (error) {
        if (!this.database.lost || error.final) throw error;
        log(`lost the connection to the database while waiting (${error.message}); connecting again`);
      }
    }
  }

  async connect() {
    const giveUpAt = now() + startTimeout;
    const say = waitingLog();
    for (;;) {
      try {
        await this.open();
        return;
      } catch (error) {
        if (error.final) throw error;
        const text = `cannot connect to the database (${Database.where}): ${error.message}`;
        if (now() > giveUpAt) {
          throw new Error(`${text}. Check that it runs, its security group, its CA certificate and the credentials`);
        }
        say(`${text}; trying again`);
      }
      await sleep(poll);
    }
  }

  async open() {
    this.life = false;
    const database = await Database.connect();
    database.onLost = (error) => this.onLost(error);
    this.database = database;
  }

  async takeLife() {
    const say = waitingLog();
    while (!(await this.tryLife())) {
      say(
        single
          ? 'waits: other nodes of this cluster still run, and a node without cluster adapters must be the only one'
          : 'waits: a node without cluster adapters still runs on this database; it steps aside when it sees this one',
      );
      // An exclusive request never queues: it would hold up the shared ones behind it. A shared one does (until
      // lock_timeout), so that the single node sees in pg_locks that somebody waits for it.
      if (single) await sleep(poll);
      else this.life = await this.waitShared(LIFE);
    }
  }

  async tryLife() {
    this.life ||= await this.tryLock(LIFE, single ? '' : '_shared');
    return this.life;
  }

  async takeBoot() {
    const say = waitingLog();
    for (;;) {
      const proven = await this.isProven();
      const suffix = proven ? '_shared' : '';
      if (await this.tryLock(BOOT, suffix)) {
        // What was true before the lock need not be true under it: who waited is not the first any more.
        if ((await this.isProven()) === proven) {
          this.suffix = suffix;
          if (!proven) await this.begin();
          return !proven;
        }
        await this.call('unlock', BOOT, suffix);
      } else {
        say('waits: another node installs or upgrades NocoBase on this database; this one starts when that is healthy');
        await sleep(poll);
      }
    }
  }

  /** Was this generation ever healthy on what is in the database now? Then its migrations are done. */
  async isProven() {
    if (!(await this.hasTable()) || (await isEmpty(this.database))) return false;
    const rows = await this.database.query(
      `SELECT FROM ${TABLE} WHERE nocobase_schema = $1 AND generation = $2 AND healthy_at IS NOT NULL`,
      [schema, generation],
    );
    return rows.length > 0;
  }

  async hasTable() {
    const [{ there }] = await this.database.query(`SELECT to_regclass('${TABLE}') IS NOT NULL AS there`);
    return there;
  }

  /** Under BOOT, exclusive. */
  async begin() {
    await this.createTable();
    const { database } = this;
    let install = await isEmpty(database);
    if (!install) {
      const [{ halfMade }] = await database.query(
        `SELECT COALESCE(bool_or(install), false) AND count(healthy_at) = 0 AS "halfMade"
         FROM ${TABLE} WHERE nocobase_schema = $1`,
        [schema],
      );
      install = halfMade && (await clearHalfMade(database));
    }
    // One statement: what is known of an earlier content of this schema is void when a new installation begins.
    await database.query(
      `WITH void AS (DELETE FROM ${TABLE} WHERE nocobase_schema = $1 AND generation <> $2 AND $3)
       INSERT INTO ${TABLE} AS known VALUES ($1, $2, clock_timestamp(), NULL, $3)
       ON CONFLICT (nocobase_schema, generation)
       DO UPDATE SET began_at = excluded.began_at, healthy_at = NULL, install = known.install OR excluded.install`,
      [schema, generation, install],
    );
    log(
      install
        ? `installs NocoBase in the empty schema ${schema}; other nodes wait`
        : `starts "${generation}" for the first time on this database, upgrading if needed; other nodes wait`,
    );
  }

  async createTable() {
    // Looked for first: creating what exists needs the privilege all the same. Nodes of another NocoBase schema have
    // another lock, so that two may create at once.
    for (let attempt = 1; !(await this.hasTable()); attempt++) {
      try {
        await this.database.query(
          `DO $$ BEGIN IF to_regnamespace('cdk_nocobase') IS NULL THEN CREATE SCHEMA cdk_nocobase; END IF; END $$`,
        );
        await this.database.query(CREATE);
      } catch (error) {
        const raced = ['23505', '42P06', '42P07', '42710'].includes(error.code);
        if (!raced || attempt > 5) {
          throw new Error(
            `cannot make ${TABLE}, in which the nodes note who may install and upgrade (${error.message}). Grant ` +
              'CREATE on the database to its user, or create the schema cdk_nocobase for it',
          );
        }
      }
    }
  }

  /** The node answered 200: others may start. */
  async healthy(alone) {
    if (alone) {
      await this.database.query(
        `UPDATE ${TABLE} SET healthy_at = clock_timestamp() WHERE nocobase_schema = $1 AND generation = $2`,
        [schema, generation],
      );
    }
    await this.call('unlock', BOOT, this.suffix);
  }

  /** Shows that the connection and its locks live. @returns whether a node of a cluster waits for this single one */
  beat() {
    return this.database.lock(
      `EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND mode = 'ShareLock' AND classid = $1
       AND objid = (hashtext($2)::bigint & 4294967295)::oid AND objsubid = 2
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      [LIFE, schema],
      0,
    );
  }

  /** After a lost connection, while the app serves on. @returns false when somebody else holds LIFE and keeps it */
  async retake() {
    for (let wait = 1000; ; wait = Math.min(wait * 2, 30000)) {
      try {
        await this.open();
        for (let i = 0; i < RETAKE_POLLS; i++) {
          if (await this.tryLife()) return true;
          await sleep(poll);
        }
        return false;
      } catch (error) {
        log(`cannot take up the connection to the database again (${error.message}); NocoBase goes on meanwhile`);
      }
      await sleep(Math.min(wait, poll * 15));
    }
  }

  close() {
    return this.database?.close();
  }

  async waitShared(lock) {
    try {
      return await this.database.lock('pg_advisory_lock_shared($1, hashtext($2)) IS NOT NULL', [lock, schema], 1);
    } catch (error) {
      if (error.code === '55P03') return false;
      throw error;
    }
  }

  tryLock(lock, suffix) {
    return this.call('try', lock, suffix);
  }

  call(action, lock, suffix) {
    const [name, change] = action === 'try' ? ['pg_try_advisory_lock', 1] : ['pg_advisory_unlock', -1];
    return this.database.lock(`${name}${suffix}($1, hashtext($2))`, [lock, schema], change);
  }
};
