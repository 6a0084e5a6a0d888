const { randomInt } = require('node:crypto');
const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { env } = process;
const { appDir } = require('./settings');

// Past a pooler, where there is one.
const host = env.LAUNCHER_DATABASE_HOST || env.DB_HOST;
const port = Number(env.LAUNCHER_DATABASE_PORT || env.DB_PORT || 5432);
const where = `${host}:${port}, database ${env.DB_DATABASE}, user ${env.DB_USER}`;

/** A question that the database does not answer in this time is a lost connection. */
const ANSWER_LIMIT = 15000;

/**
 * Of the session. When a node vanishes from the network, the server frees its locks after 10 + 3 × 5 s; the node
 * itself has noticed by then (a poll and ANSWER_LIMIT: 17 s) and stopped. A waiting node that is killed is gone from
 * the queue within 2 s.
 */
const SESSION = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  client_connection_check_interval: '2s',
  lock_timeout: '5s',
  statement_timeout: '0',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

function tls() {
  const mode = env.DB_DIALECT_OPTIONS_SSL_MODE;
  if (!mode || mode === 'disable') return undefined;
  const ca = env.DB_DIALECT_OPTIONS_SSL_CA;
  return {
    ca: ca && fs.readFileSync(ca, 'utf8'),
    rejectUnauthorized: env.DB_DIALECT_OPTIONS_SSL_REJECT_UNAUTHORIZED !== 'false',
    // What the certificate is verified against, also where it is an address.
    host,
  };
}

/** The class of a lock that only one session takes, by a number of its own: where it is held, there is that session. */
const MARK = 0x4e_4f_43_53; // NOCS

/**
 * Looks from each of two connections before a session counts as its client's alone. A pooler hands out what became
 * free last, or what has been free for longest: then the first looks find it out. Where others use it meanwhile, a
 * later one does, or at last the locks themselves (`lock`).
 */
const LOOKS = 10;

const OWN = `locktype = 'advisory' AND pid = pg_backend_pid()`;

function shared() {
  const error = new Error(
    `${where} is a pooler that shares sessions between its clients, and in such a session no lock holds by which ` +
      'nodes decide who may install or upgrade. Name the database itself beside it, Database.existing({ host, ' +
      'directHost }), or let the pooler keep a session to each client (PgBouncer: pool_mode = session)',
  );
  error.final = true;
  return error;
}

/** The one connection of this node to the database, which holds its locks. */
class Database {
  static where = where;

  static async connect() {
    const database = await Database.open();
    try {
      await database.claim();
      await database.query(
        `SELECT set_config(name, value, false) FROM json_each_text($1) AS wanted (name, value)
         JOIN pg_settings USING (name)`,
        [JSON.stringify(SESSION)],
      );
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  static async open() {
    const { Client } = require(require.resolve('pg', { paths: [appDir] }));
    const database = new Database();
    database.client = new Client({
      host,
      port,
      database: env.DB_DATABASE,
      user: env.DB_USER,
      password: env.DB_PASSWORD,
      ssl: tls(),
      application_name: 'nocobase-launcher',
      keepAlive: true,
      keepAliveInitialDelayMillis: 10000,
      connectionTimeoutMillis: ANSWER_LIMIT,
    });
    // Without a listener an error of the connection would end this process.
    database.client.on('error', (error) => database.lose(error));
    database.client.on('end', () => database.lose(new Error('the connection was closed')));
    await database.client.connect();
    return database;
  }

  /** Locks of this session, its mark included. */
  held = 0;
  turn = Promise.resolve();
  lost = false;
  onLost = () => {};

  /** @returns the rows */
  async query(text, values) {
    const timer = setTimeout(() => this.lose(new Error(`no answer within ${ANSWER_LIMIT / 1000} s`)), ANSWER_LIMIT);
    try {
      return (await this.client.query(text, values)).rows;
    } catch (error) {
      // What ends the session is told to the question first, and by the connection a moment later.
      if (!error.severity || /^57P0/.test(error.code)) this.lose(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Marks this session, and looks whether the mark stays with this connection and away from another one.
   *
   * @throws where somebody else gets to use this session, before anything is changed in it
   */
  async claim() {
    this.mark = randomInt(2 ** 31);
    // By this statement an RDS Proxy knows that it has to keep the session to this connection.
    await this.query('SELECT pg_try_advisory_lock($1, $2)', [MARK, this.mark]);
    this.held = 1;
    const other = await Database.open();
    try {
      for (let i = 0; i < LOOKS; i++) {
        await this.lock('true', [], 0);
        // Takes the mark away where it meets it: nobody else could.
        const met = await other.query(
          `SELECT pg_advisory_unlock($1, $2) FROM pg_locks WHERE ${OWN} AND classid = ${MARK} AND objid = ${this.mark}`,
          [MARK, this.mark],
        );
        if (met.length > 0) throw shared();
      }
    } finally {
      await other.close();
    }
  }

  /**
   * Calls a function on locks, in one statement with a look whether the session holds what this node took in it and
   * nothing else: a lock that it holds for somebody else would be taken a second time.
   *
   * @param change by how many locks it is more when the function says true
   */
  lock(call, values, change) {
    // One after the other: each reckons with what the one before has taken.
    const next = () => this.lockNow(call, values, change);
    this.turn = this.turn.then(next, next);
    return this.turn;
  }

  async lockNow(call, values, change) {
    const [{ ours, done }] = await this.query(
      `SELECT ours, CASE WHEN ours THEN ${call} END AS done FROM (
         SELECT count(*) = ${this.held} AND bool_or(classid = ${MARK} AND objid = ${this.mark}) AS ours
         FROM pg_locks WHERE ${OWN}) AS session`,
      values,
    );
    if (!ours) {
      const error = shared();
      this.lose(error);
      throw error;
    }
    if (done) this.held += change;
    return done;
  }

  lose(error) {
    if (this.lost) return;
    this.lost = true;
    this.client.connection.stream.destroy();
    this.onLost(error);
  }

  /** Lets go of everything this session holds. */
  close() {
    this.onLost = () => {};
    // The server may not be there to say goodbye.
    return Promise.race([this.client.end().catch(() => {}), sleep(2000)]);
  }
}

module.exports = Database;
