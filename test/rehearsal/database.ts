import type { Part } from './parts';

const { Client } = require('pg');

/** How many rows each table of NocoBase has. */
export type RowCounts = ReadonlyMap<string, number>;

export interface DatabaseOptions {
  readonly part: Part;
  readonly name: string;
  /** Where NocoBase's tables are. */
  readonly schema: string;
  readonly user: string;
  readonly password: string;
}

/** NocoBase's database, looked at from outside. */
export class Database {
  constructor(private readonly options: DatabaseOptions) {}

  public async query(text: string, database = this.options.name): Promise<any[]> {
    const client = await this.connect(database);
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** A session of its own. */
  public async connect(database = this.options.name): Promise<any> {
    const { part, user, password } = this.options;
    const client = new Client({
      host: 'localhost',
      port: part.server.port,
      user,
      password,
      database,
      ssl: { ca: part.certificate.ca },
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** An empty one. */
  public async create(): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS "${this.options.name}" WITH (FORCE)`, 'template1');
    await this.query(`CREATE DATABASE "${this.options.name}"`, 'template1');
  }

  public async tables(): Promise<string[]> {
    const { schema } = this.options;
    const rows = await this.query(`SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' ORDER BY tablename`);
    return rows.map(({ tablename }) => tablename);
  }

  public async rowCounts(): Promise<RowCounts> {
    const { schema } = this.options;
    const tables = await this.tables();
    const counts = tables.map(
      (table) => `SELECT '${table}' AS name, count(*)::int AS rows FROM "${schema}"."${table}"`,
    );
    const rows = counts.length > 0 ? await this.query(counts.join(' UNION ALL ')) : [];
    return new Map(rows.map(({ name, rows: count }) => [name, count]));
  }
}

/** In what one database differs from another, for people; empty when in nothing. */
export function difference(counts: RowCounts, expected: RowCounts): string {
  const names = [...new Set([...expected.keys(), ...counts.keys()])].sort();
  const differing = names.filter((name) => counts.get(name) !== expected.get(name));
  const shown = differing
    .slice(0, 4)
    .map((name) => `${name} ${counts.get(name) ?? 'missing'} (${expected.get(name) ?? 'not there'})`);
  if (differing.length > shown.length) shown.push(`${differing.length - shown.length} more`);
  return shown.join(', ');
}
