const { setTimeout: sleep } = require('node:timers/promises');
const Database = require('./database');
const { clearHalfMade, EMPTY } = require('./install');
const { fingerprint } = require('./keys');
const { begins, generation, image, schema } = require('./settings');

/**
 * Advisory locks for each database and NocoBase schema, of a class and a hash:
 * LIFE, as long as NocoBase may run on this node: shared by the nodes of the generation that has begun last, exclusive
 * for the node that begins one, and for one that must be the only one.
 * ASK, exclusive for the node that asks for another generation. What it asks for is in its row.
 * HERE, shared by all nodes of a generation that are there, running or not; by those that begin none, of whichever.
 */
const LIFE = 0x4e_4f_43_4c; // NOCL
const ASK = 0x4e_4f_43_41; // NOCA
const HERE = 0x4e_4f_43_48; // NOCH

const TABLE = 'cdk_nocobase.generations';
const CREATE = `CREATE TABLE IF NOT EXISTS ${TABLE} (
  nocobase_schema text, generation text,
  image text NOT NULL, family text NOT NULL, revision bigint NOT NULL,
  asked_by int, -- the session that asks for it now
  stop_at timestamptz, -- since then nodes of other generations stop
  began_at timestamptz, restore_point timestamptz, healthy_at timestamptz,
  starting boolean NOT NULL DEFAULT false, -- by a node that has not said how that ended
  failures int NOT NULL DEFAULT 0,
  given_up_at timestamptz,
  install boolean NOT NULL DEFAULT false, -- it began on an empty schema, and was not healthy since
  served boolean NOT NULL DEFAULT false, -- it was healthy once
  keys json, -- fingerprints (scrypt) of the keys with which it was healthy
  PRIMARY KEY (nocobase_schema, generation))`;

const VIEW = `(SELECT row_to_json(view) FROM (SELECT
  ${EMPTY} AS empty,
  (SELECT coalesce(json_agg(row), '[]') FROM (
    SELECT generation, image, family, revision, asked_by, stop_at IS NOT NULL AS stop,
      extract(epoch FROM began_at) AS began, restore_point AS restore_point, healthy_at IS NOT NULL AS healthy,
      starting, failures, given_up_at IS NOT NULL AS given_up,
      coalesce(given_up_at < clock_timestamp() - interval '15 minutes', false) AS lapsed, install, served, keys,
      hashtext(nocobase_schema || ' ' || generation)::bigint & 4294967295 AS key
    FROM ${TABLE} WHERE nocobase_schema = $1) AS row) AS rows,
  (SELECT coalesce(json_agg(lock), '[]') FROM (
    SELECT classid::bigint AS class, objid::bigint AS key, pid, mode = 'ExclusiveLock' AS exclusive
    FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid IN (${LIFE}, ${ASK}, ${HERE})
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS lock) AS locks,
  hashtext($1)::bigint & 4294967295 AS key, pg_backend_pid() AS me) AS view)`;

/** A start that counts; the third parameter is how often there may be one. */
const FAILED = `starting = false, failures = failures + 1,
  given_up_at = CASE WHEN failures + 1 >= $3 THEN clock_timestamp() END`;

async function connect() {
  try {
    return await Database.connect();
  } catch (error) {
    if (!error.final) error.message = `cannot connect to the database (${Database.where}): ${error.message}`;
    throw error;
  }
}

/** Table and locks by which nodes know of each other: what there is to see and to do, and no decision. */
module.exports = class Ledger {
  static where = Database.where;

  /** @param identity family and revision of this node */
  static async open(identity) {
    const ledger = new Ledger(await connect(), identity);
    try {
      await ledger.createTable();
      await ledger.lock('HERE', 'shared');
      return ledger;
    } catch (error) {
      await ledger.close();
      throw error;
    }
  }

  constructor(database, { family, revision }) {
    this.database = database;
    this.identity = [image, family, revision];
    database.onLost = (error) => this.onLost(error);
  }

  onLost = () => {};

  get lost() {
    return this.database.lost;
  }

  /** Everything that a decision needs, at one moment. */
  async view() {
    // Looked at in the same statement as the locks of this session, which may be lost behind a pooler.
    const { empty, rows, locks, key: ours, me } = await this.database.lock(VIEW, [schema], 0);
    const held = (name) => locks.filter((lock) => lock.class === name && lock.key === ours);
    const life = held(LIFE);
    const here = locks.filter((lock) => lock.class === HERE);
    return {
      me,
      empty,
      rows: rows.map(({ key, ...row }) => ({
        ...row,
        here: here.filter((lock) => lock.key === key && lock.pid !== me).map(({ pid }) => pid),
      })),
      here: here.map(({ pid }) => pid),
      alive: life.map(({ pid }) => pid),
      asker: held(ASK)[0]?.pid,
    };
  }

  /** @returns whether this session has it now */
  lock(name, mode) {
    return this.call('pg_try_advisory_lock', name, mode, 1);
  }

  unlock(name, mode) {
    return this.call('pg_advisory_unlock', name, mode, -1);
  }

  call(what, name, mode, change) {
    const number = { LIFE, ASK, HERE }[name];
    const key = name === 'HERE' ? `${schema} ${begins ? generation : ''}` : schema;
    return this.database.lock(`${what}${mode === 'shared' ? '_shared' : ''}($1, hashtext($2))`, [number, key], change);
  }

  /** Under ASK. Nothing is asked for any more but this. */
  async askFor() {
    await this.database.query(
      `WITH others AS (UPDATE ${TABLE} SET asked_by = NULL, stop_at = NULL WHERE nocobase_schema = $1 AND generation <> $2)
       INSERT INTO ${TABLE} (nocobase_schema, generation, image, family, revision, asked_by)
       VALUES ($1, $2, $3, $4, $5, pg_backend_pid())
       ON CONFLICT (nocobase_schema, generation) DO UPDATE SET asked_by = pg_backend_pid(), stop_at = NULL`,
      [schema, generation, ...this.identity],
    );
  }

  /** Under ASK: the others are to stop. */
  orderStop() {
    return this.set('stop_at = clock_timestamp()');
  }

  /** The clock of the database, as text: what RDS restores to. */
  async clock() {
    const [{ now }] = await this.database.query('SELECT clock_timestamp()::text AS now');
    return now;
  }

  async isPast(moment, seconds) {
    const [{ past }] = await this.database.query(
      'SELECT clock_timestamp() > $1::timestamptz + make_interval(secs => $2) AS past',
      [moment, seconds],
    );
    return past;
  }

  /** Under LIFE, exclusive. @returns whether it is an installation */
  async prepare({ empty, rows }) {
    if (empty) return true;
    const begun = rows.filter(({ began }) => began !== null);
    const halfMade = begun.some(({ install }) => install) && !begun.some(({ healthy }) => healthy);
    return halfMade && (await clearHalfMade(this.database));
  }

  /** Under LIFE, exclusive: from here on this generation is the one, and those before are superseded. */
  async begin(restorePoint, install, anew) {
    // One statement: what is known of an earlier content of this schema is void when a new installation begins.
    await this.database.query(
      `WITH void AS (DELETE FROM ${TABLE} WHERE nocobase_schema = $1 AND generation <> $2 AND $7)
       INSERT INTO ${TABLE} AS known (nocobase_schema, generation, image, family, revision, began_at, restore_point, starting, install)
       VALUES ($1, $2, $3, $4, $5, clock_timestamp(), $6, true, $7)
       ON CONFLICT (nocobase_schema, generation) DO UPDATE SET image = excluded.image, family = excluded.family,
         revision = CASE WHEN $7 OR known.family <> excluded.family THEN excluded.revision
           ELSE greatest(known.revision, excluded.revision) END, asked_by = NULL, stop_at = NULL,
         began_at = excluded.began_at, restore_point = excluded.restore_point, healthy_at = NULL, starting = true,
         failures = CASE WHEN $8 THEN 0 ELSE known.failures END, given_up_at = NULL,
         install = known.install OR excluded.install, served = known.served AND NOT $7,
         keys = CASE WHEN $7 THEN NULL ELSE (SELECT keys FROM ${TABLE} WHERE nocobase_schema = $1
           AND keys IS NOT NULL AND began_at IS NOT NULL ORDER BY began_at DESC LIMIT 1) END`,
      [schema, generation, ...this.identity, restorePoint, install, anew],
    );
  }

  healthy() {
    return this.set(
      `healthy_at = clock_timestamp(), starting = false, failures = 0, given_up_at = NULL, install = false,
       served = true`,
    );
  }

  /** @param known what was known of them */
  noteKeys({ before, ...known } = {}) {
    const [, family, revision] = this.identity;
    const keys = { ...fingerprint(), family, revision, before: known.family && known };
    return this.set('keys = $3', JSON.stringify(keys));
  }

  noteRevision() {
    const [, family, revision] = this.identity;
    return this.set('family = $3, revision = $4', family, revision);
  }

  /** The start of this generation has failed before it came to the database: that before it is current again. */
  withdraw(tries) {
    return this.set(`began_at = NULL, restore_point = NULL, ${FAILED}`, tries);
  }

  /** The start of this generation has failed, for reasons of its own. */
  failed(tries) {
    return this.set(FAILED, tries);
  }

  /** The start was stopped in order: nothing of it runs any more. */
  stoppedStarting() {
    return this.set('starting = false');
  }

  async set(what, ...values) {
    await this.database.query(`UPDATE ${TABLE} SET ${what} WHERE nocobase_schema = $1 AND generation = $2`, [
      schema,
      generation,
      ...values,
    ]);
  }

  close() {
    return this.database.close();
  }

  async createTable() {
    // Looked for first: creating what exists needs the privilege all the same. Nodes may create at once.
    for (let attempt = 1; !(await this.hasTable()); attempt++) {
      try {
        await this.database.query(
          `DO $$ BEGIN IF to_regnamespace('cdk_nocobase') IS NULL THEN CREATE SCHEMA cdk_nocobase; END IF; END $$`,
        );
        await this.database.query(CREATE);
      } catch (error) {
        const raced = ['23505', '42P06', '42P07', '42710'].includes(error.code);
        if (!raced || attempt > 5) {
          const wanted = new Error(
            `cannot make ${TABLE}, in which the nodes note who may install and upgrade (${error.message}). Grant ` +
              'CREATE on the database to its user, or create the schema cdk_nocobase for it',
          );
          wanted.final = !this.lost;
          throw wanted;
        }
      }
      await sleep(50);
    }
  }

  async hasTable() {
    const [{ there }] = await this.database.query(`SELECT to_regclass('${TABLE}') IS NOT NULL AS there`);
    return there;
  }
};
