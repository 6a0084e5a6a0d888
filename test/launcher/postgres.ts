import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const { Client } = require('pg');

export interface Postgres {
  readonly port: number;
  /** The certificate that the server shows, which is its own root. */
  readonly ca: string;
  readonly key: string;
  /** Another root. */
  readonly otherCa: string;
  /** Makes a database with an owner of its own, NocoBase's user. */
  createDatabase(): Promise<Database>;
  stop(): Promise<void>;
}

export interface Database {
  readonly environment: { [name: string]: string };
  /** As the superuser, whose tables are foreign to NocoBase. */
  query(text: string, values?: unknown[]): Promise<any[]>;
  /** As another server would see it: the rows of the launcher's own table. */
  generations(): Promise<any[]>;
  /** As somebody would who wants NocoBase to begin anew. */
  emptySchema(): Promise<void>;
  /** Ends the connections of the nodes' launchers. */
  cutConnections(): Promise<void>;
  /** Of the node that was the last to connect. */
  cutLatestConnection(): Promise<void>;
  close(): Promise<void>;
}

const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'nocobase-launcher' AND datname = current_database()`;

export async function startPostgres(): Promise<Postgres> {
  const server: ChildProcess = spawn(process.execPath, [join(__dirname, 'postgres-server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(createInterface({ input: server.stdout! }), 'line'),
    once(server, 'exit').then(() => {
      throw new Error('PostgreSQL did not start; the reason is in the output above.');
    }),
  ]);
  const { port, ca, key, otherCa } = JSON.parse(line);
  const connect = async (database: string) => {
    const client = new Client({ host: 'localhost', port, database, user: 'postgres', password: 'postgres' });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  let count = 0;
  return {
    port,
    ca,
    key,
    otherCa,
    async createDatabase() {
      const name = `nocobase${++count}`;
      const admin = await connect('postgres');
      await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'the-password-of-${name}'`);
      await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
      await admin.end();
      const client = await connect(name);
      const query = async (text: string, values?: unknown[]) => (await client.query(text, values)).rows;
      return {
        environment: {
          DB_HOST: 'localhost',
          DB_PORT: String(port),
          DB_DATABASE: name,
          DB_USER: name,
          DB_PASSWORD: `the-password-of-${name}`,
        },
        query,
        generations: () => query('SELECT * FROM cdk_nocobase.generations ORDER BY began_at'),
        async emptySchema() {
          await query('DROP SCHEMA public CASCADE');
          await query('CREATE SCHEMA public');
          await query('GRANT ALL ON SCHEMA public TO public');
        },
        async cutConnections() {
          await query(CUT);
        },
        async cutLatestConnection() {
          await query(`${CUT} ORDER BY backend_start DESC LIMIT 1`);
        },
        close: () => client.end(),
      };
    },
    async stop() {
      server.stdin!.end();
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}
