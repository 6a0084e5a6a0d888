const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { env } = process;
const { appDir } = require('./settings');

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
    servername: env.DB_HOST,
  };
}

/** The one connection of this node to the database, which holds its locks. */
class Database {
  static where = `${env.DB_HOST}:${env.DB_PORT || 5432}, database ${env.DB_DATABASE}, user ${env.DB_USER}`;

  static async connect() {
    const { Client } = require(require.resolve('pg', { paths: [appDir] }));
    const database = new Database();
    database.client = new Client({
      host: env.DB_HOST,
      port: Number(env.DB_PORT || 5432),
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
    await database.query(
      `SELECT set_config(name, value, false) FROM json_each_text($1) AS wanted (name, value)
       JOIN pg_settings USING (name)`,
      [JSON.stringify(SESSION)],
    );
    return database;
  }

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
