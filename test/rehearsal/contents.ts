import { Api, type Entry, makeCollection } from './api';
import { type Database, difference, type RowCounts } from './database';
import type { Answer } from './load';
import { MARKS, migrationName } from './next-version';
import { until } from './waiting';

/** What may have other rows after an upgrade that has kept everything. */
const CHANGING = ['migrations', MARKS, 'rehearsal', 'issuedTokens', 'tokenBlacklist'];

/** What is in NocoBase before something happens to it. */
export class Contents {
  /** Puts a user, a role and records there, once. */
  public static async of(entry: Entry, database: Database, ports: readonly number[]): Promise<Contents> {
    const user = await Api.signIn(entry);
    const api = user.at(ports[0]);
    const collection = await makeCollection(api);
    const roles: { name: string }[] = await api.get('roles:list?paginate=false');
    if (!roles.some(({ name }) => name === 'rehearsal')) {
      await api.post('roles:create', { name: 'rehearsal', title: 'Rehearsal' });
      await api.post('users:create', { username: 'rehearsal', nickname: 'Rehearsal', roles: ['rehearsal'] });
      for (let record = 1; record <= 20; record++)
        await api.post(`${collection}:create`, { title: `before ${record}` });
    }
    // The others learn of a collection in a moment.
    for (const port of ports) {
      const isKnown = () =>
        user
          .at(port)
          .get(`${collection}:list`)
          .then(Boolean, () => false);
      await until(`the node on port ${port} knows the collection`, isKnown);
    }
    return new Contents(database, await database.rowCounts());
  }

  private constructor(
    private readonly database: Database,
    private readonly before: RowCounts,
  ) {}

  /**
   * @param answers to the users who worked meanwhile: what they were told is written has to be there
   * @param changing tables that are to have other rows now
   * @returns what is not as it was, for people; empty when all is
   */
  public async problem(answers: readonly Answer[], changing: readonly string[]): Promise<string> {
    const counts = await this.database.rowCounts();
    const [now, before] = [counts, this.before].map(
      (all) => new Map([...all].filter(([table]) => ![...CHANGING, ...changing].includes(table))),
    );
    const written = answers.filter(({ isWrite, problem }) => isWrite && problem === undefined).length;
    const missing = (this.before.get('rehearsal') ?? 0) + written - (counts.get('rehearsal') ?? 0);
    return [difference(now, before), missing > 0 && `${missing} records that were written are missing`]
      .filter(Boolean)
      .join('; ');
  }

  /** For people: how many there are of what matters most. */
  public async summary(): Promise<string> {
    const counts = await this.database.rowCounts();
    const names = ['users', 'roles', 'systemSettings', 'applicationVersion', 'collections', 'rehearsal', 'migrations'];
    return `${counts.size} tables; ${names.map((name) => `${name} ${counts.get(name) ?? 0}`).join(', ')}`;
  }
}

/** @returns what is wrong with the traces of an upgrade to a version; empty when it ran once, or once again after a failure */
export async function upgradeProblem(database: Database, version: string): Promise<string> {
  const [{ value: noted } = { value: 'nothing' }] = await database.query('SELECT value FROM "applicationVersion"');
  const [{ times }] = await database.query(
    `SELECT count(*)::int AS times FROM migrations WHERE name = '${migrationName(version)}'`,
  );
  const [{ twice }] = await database.query(
    'SELECT count(*)::int AS twice FROM (SELECT name FROM migrations GROUP BY name HAVING count(*) > 1) AS twice',
  );
  const marks = await database.query(
    `SELECT count(*)::int AS done FROM ${MARKS} WHERE version = '${version}' AND ended IS NOT NULL`,
  );
  return [
    noted !== version && `NocoBase notes ${noted} as its version`,
    times !== 1 && `the migration is noted ${times} times`,
    twice !== 0 && `${twice} migrations are noted twice`,
    marks[0].done !== 1 && `the migration came to its end ${marks[0].done} times`,
  ]
    .filter(Boolean)
    .join('; ');
}
