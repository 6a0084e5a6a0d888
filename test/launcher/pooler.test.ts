import { Pooler } from './pooler';
import { type Rehearsal, rehearsing } from './rehearsal';

const rehearse = rehearsing();

async function behind(
  rehearsal: Rehearsal,
  options: Parameters<typeof Pooler.start>[1],
  body: (pooler: Pooler) => Promise<void>,
) {
  const pooler = await Pooler.start(rehearsal, options);
  try {
    await body(pooler);
  } finally {
    pooler.stop();
  }
}

const locks = (rehearsal: Rehearsal) =>
  rehearsal.database.query(`SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);

describe('behind a pooler that shares sessions between clients', () => {
  for (const order of ['last in, first out', 'round robin'] as const) {
    for (const sessions of [1, 2, 5]) {
      rehearse(`a node refuses to start, with ${sessions} session(s), ${order}`, async (rehearsal) => {
        await behind(rehearsal, { mode: 'transaction', order, sessions }, async (pooler) => {
          const node = await rehearsal.start('a', pooler.environment);
          expect(await node.exit).toBe(1);
          await node.said(/stops: localhost:\d+, database \w+, user \w+ is a pooler that shares sessions.*directHost/);
          expect(rehearsal.all('[fake]')).toEqual([]);
          expect(
            await rehearsal.database.query(`SELECT to_regclass('cdk_nocobase.generations') IS NULL AS untouched`),
          ).toEqual([{ untouched: true }]);
        });
      });
    }
  }

  rehearse('a node that refuses leaves no lock and no setting in the session of others', async (rehearsal) => {
    await behind(rehearsal, { mode: 'transaction', order: 'last in, first out', sessions: 1 }, async (pooler) => {
      const node = await rehearsal.start('a', pooler.environment);
      expect(await node.exit).toBe(1);
      expect(await locks(rehearsal)).toEqual([]);
      const { Client } = require('pg');
      const client = new Client({
        host: 'localhost',
        port: Number(pooler.environment.DB_PORT),
        ssl: { ca: rehearsal.postgres.ca },
      });
      await client.connect();
      expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
      await client.end();
    });
  });

  rehearse(
    'a node that is given the address of the database itself locks there, while NocoBase goes through the pooler',
    async (rehearsal) => {
      await behind(rehearsal, { mode: 'transaction', order: 'round robin', sessions: 2 }, async (pooler) => {
        const { DB_HOST, DB_PORT } = rehearsal.database.environment;
        const node = await rehearsal.start('a', {
          ...pooler.environment,
          LAUNCHER_DATABASE_HOST: DB_HOST,
          LAUNCHER_DATABASE_PORT: DB_PORT,
        });
        node.tell('tell-environment');
        await node.said('NocoBase is healthy');
        await node.said('[fake] installs');
        await node.said(`"DB_PORT":"${pooler.environment.DB_PORT}"`);
        expect(pooler.clients).toBe(1);
        expect(await rehearsal.database.generations()).toHaveLength(1);
      });
    },
  );

  rehearse('the certificate is verified against the address of the database itself', async (rehearsal) => {
    const node = await rehearsal.start('a', {
      LAUNCHER_DATABASE_HOST: '127.0.0.1',
      LAUNCHER_DATABASE_PORT: rehearsal.database.environment.DB_PORT,
      LAUNCHER_START_TIMEOUT: '0.2',
    });
    expect(await node.exit).toBe(1);
    await node.said(/cannot connect to the database \(127\.0\.0\.1:\d+, .*IP: 127\.0\.0\.1 is not in the cert's list/);
    expect(rehearsal.all('[fake]')).toEqual([]);
  });
});

describe('behind a pooler that keeps a session to each client', () => {
  rehearse('a node starts, and a second one waits for it', async (rehearsal) => {
    await behind(rehearsal, { mode: 'session', order: 'last in, first out', sessions: 6 }, async (pooler) => {
      const first = await rehearsal.start('a', pooler.environment);
      first.tell('hold-install');
      await first.said('[fake] installs');
      const second = await rehearsal.start('b', pooler.environment);
      await second.said('waits: another node');
      first.release('hold-install');
      await first.said('NocoBase is healthy');
      await second.said('NocoBase is healthy');
      expect(rehearsal.all('[fake] installs')).toHaveLength(1);
    });
  });

  rehearse('and begins to share them, an installation is stopped before a second one can begin', async (rehearsal) => {
    await behind(rehearsal, { mode: 'session', order: 'round robin', sessions: 3 }, async (pooler) => {
      const node = await rehearsal.start('a', pooler.environment);
      node.tell('hold-install');
      await node.said('[fake] installs');
      pooler.mode = 'transaction';
      expect(await node.exit).toBe(1);
      await node.said(/lost the connection to the database \(.* is a pooler that shares sessions/);
      expect(rehearsal.all('[fake] stops')).toEqual([]);
    });
  });

  rehearse(
    'and begins to share them, a node does not take the lock that another one has in its session',
    async (rehearsal) => {
      await behind(rehearsal, { mode: 'session', order: 'round robin', sessions: 6 }, async (pooler) => {
        const first = await rehearsal.start('a', pooler.environment);
        first.tell('hold-install');
        await first.said('[fake] installs');
        const second = await rehearsal.start('b', pooler.environment);
        await second.said('waits: another node');
        pooler.shareOne();
        expect(await second.exit).toBe(1);
        await second.said(/stops: .* is a pooler that shares sessions/);
        first.release('hold-install');
        await first.said('NocoBase is healthy');
        expect(rehearsal.all('b: [fake]')).toEqual([]);
      });
    },
  );
});
