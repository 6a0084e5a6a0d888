import { eventually, rehearsing } from './rehearsal';

const rehearse = rehearsing();

describe('on an empty database', () => {
  rehearse(
    'of three nodes that start at once one installs; the others start when it is healthy, and skip the upgrade',
    async (rehearsal) => {
      const nodes = await Promise.all(['a', 'b', 'c'].map((name) => rehearsal.start(name)));
      await Promise.all(nodes.map((node) => node.said('NocoBase is healthy')));
      const [first, second, ...more] = rehearsal.all(/entrypoint/);
      expect(first).toContain('skip=no');
      expect([second, ...more].map((event) => event.slice(3))).toEqual(
        Array(2).fill('[fake] entrypoint skip=true processes=1'),
      );
      expect(rehearsal.all('[fake] installs')).toHaveLength(1);
      expect(rehearsal.all('[fake] upgrades')).toHaveLength(0);
      expect(rehearsal.events.indexOf(second)).toBeGreaterThan(
        rehearsal.events.findIndex((event) => event.includes('[launcher] NocoBase is healthy')),
      );
      expect(await rehearsal.database.generations()).toEqual([
        expect.objectContaining({
          nocobase_schema: 'public',
          generation: 'nocobase:2.2.15 licensed',
          install: false,
          healthy_at: expect.any(Date),
        }),
      ]);
    },
  );

  rehearse('of several processes of one node only one installs; then all of them are started', async (rehearsal) => {
    const node = await rehearsal.start('a', { CLUSTER_MODE: '2' });
    await node.said('NocoBase is healthy with one process');
    const from = await node.said('starts NocoBase (nothing');
    await node.said(/NocoBase is healthy$/, from);
    expect(rehearsal.all('entrypoint')).toEqual([
      'a: [fake] entrypoint skip=no processes=1',
      'a: [fake] entrypoint skip=true processes=2',
    ]);
    expect(rehearsal.all('EADDRINUSE')).toEqual([]);
    node.signal('SIGTERM');
    expect(await node.exit).toBe(0);
  });

  rehearse(
    'a half-made installation is dropped and made anew, without what belongs to extensions',
    async (rehearsal) => {
      await rehearsal.database.query('CREATE EXTENSION pg_trgm; CREATE EXTENSION citext');
      const first = await rehearsal.start('a');
      first.tell('hold-install');
      await first.said('[fake] installs');
      await eventually(
        () => rehearsal.database.query(`SELECT to_regclass('names') AS there`),
        ([{ there }]) => there !== null,
      );
      first.kill();
      await first.exit;
      await first.killApp();

      const second = await rehearsal.start('b');
      await second.said(/dropping the \d+ objects/);
      await second.said('NocoBase is healthy');
      await second.said('[fake] installs');
      expect(await rehearsal.database.query('SELECT count(*)::int AS roles FROM roles')).toEqual([{ roles: 1 }]);
      expect(await rehearsal.database.query('SELECT extname FROM pg_extension ORDER BY 1')).toContainEqual({
        extname: 'citext',
      });
      expect(await rehearsal.database.generations()).toHaveLength(1);
    },
  );

  rehearse(
    'a half-made installation beside which there is something foreign is left alone, and nothing starts',
    async (rehearsal) => {
      const first = await rehearsal.start('a');
      first.tell('hold-install');
      await first.said('[fake] installs');
      first.kill();
      await first.exit;
      await first.killApp();
      await rehearsal.database.query('CREATE TABLE foreign_data AS SELECT 42 AS answer');

      const second = await rehearsal.start('b');
      expect(await second.exit).toBe(1);
      await second.said(/stops: .*not everything in it is of this user \(public\.foreign_data\).*nothing is dropped/);
      expect(rehearsal.all('b: [fake]')).toEqual([]);
      expect(await rehearsal.database.query('SELECT answer FROM foreign_data')).toEqual([{ answer: 42 }]);
      expect(await rehearsal.database.query(`SELECT to_regclass('users') IS NOT NULL AS there`)).toEqual([
        { there: true },
      ]);
    },
  );

  for (const [prefix, table] of [
    ['', 'applicationVersion'],
    ['', 'application_version'],
    ['nb_', 'nb_applicationVersion'],
  ]) {
    rehearse(
      `an installation that had come to its end, with its version in ${table}, is gone on with`,
      async (rehearsal) => {
        const first = await rehearsal.start('a');
        first.tell('hold-start');
        await first.said('[fake] has installed');
        first.kill();
        await first.exit;
        await first.killApp();
        if (table !== 'applicationVersion') {
          await rehearsal.database.query(`ALTER TABLE "applicationVersion" RENAME TO "${table}"`);
        }
        const second = await rehearsal.start('b', { DB_TABLE_PREFIX: prefix });
        await second.said('going on with what is there');
        await second.said('[fake] upgrades');
        await second.said('NocoBase is healthy');
      },
    );
  }

  rehearse('a schema that is emptied later counts as new, whatever was healthy in it', async (rehearsal) => {
    const first = await rehearsal.start('a');
    await first.said('NocoBase is healthy');
    first.signal('SIGTERM');
    await first.exit;
    await rehearsal.database.emptySchema();
    const second = await rehearsal.start('b');
    await second.said('installs NocoBase in the empty schema');
    await second.said('[fake] entrypoint skip=no');
    await second.said('NocoBase is healthy');
  });
});

describe('on a database with something in it', () => {
  rehearse(
    'it is not touched, and the first start of a generation is alone, the next ones are not',
    async (rehearsal) => {
      await rehearsal.database.query('CREATE TABLE users (id int); CREATE TABLE roles (id int)');
      const first = await rehearsal.start('a');
      first.tell('hold-upgrade');
      await first.said('[fake] upgrades');
      const second = await rehearsal.start('b');
      await second.said('waits: another node installs or upgrades');
      first.release('hold-upgrade');
      await second.said('NocoBase is healthy');
      expect(rehearsal.all('entrypoint skip=true')).toEqual(['b: [fake] entrypoint skip=true processes=1']);
      expect(await rehearsal.database.generations()).toEqual([expect.objectContaining({ install: false })]);

      const next = await rehearsal.start('c', {
        LAUNCHER_GENERATION: 'nocobase:2.3.0 licensed',
        LAUNCHER_REVISION: '2',
      });
      await next.said('begins "nocobase:2.3.0 licensed"');
      await next.said('entrypoint skip=no');
      await next.said('NocoBase is healthy');
    },
  );

  rehearse('NocoBase schemas beside each other in one database do not wait for each other', async (rehearsal) => {
    await rehearsal.database.query('CREATE SCHEMA one; CREATE SCHEMA two');
    await rehearsal.database.query('GRANT ALL ON SCHEMA one, two TO PUBLIC');
    const one = await rehearsal.start('a', { DB_SCHEMA: 'one' });
    one.tell('hold-install');
    await one.said('[fake] installs');
    const two = await rehearsal.start('b', { DB_SCHEMA: 'two' });
    await two.said('NocoBase is healthy');
    one.release('hold-install');
    await one.said('NocoBase is healthy');
  });
});

describe('the connection', () => {
  rehearse('is encrypted and verified against the CA given, and only that', async (rehearsal) => {
    const good = await rehearsal.start('a');
    await good.said('NocoBase is healthy');
    expect(
      await rehearsal.database.query(
        `SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'nocobase-launcher' AND datname = current_database()`,
      ),
    ).toEqual([{ ssl: true }]);
    const bad = await rehearsal.start('b', {
      LAUNCHER_DATABASE_CA: rehearsal.postgres.otherCa,
      LAUNCHER_START_TIMEOUT: '0.2',
    });
    expect(await bad.exit).toBe(1);
    await bad.said(/cannot connect to the database \(localhost:\d+, database \w+, user \w+\): self-signed certificate/);
    expect(rehearsal.all('b: [fake]')).toEqual([]);
  });

  rehearse(
    'that is refused for long ends the node with a sentence that names everything but the password',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { DB_PASSWORD: 'not-the-password', LAUNCHER_START_TIMEOUT: '0.2' });
      expect(await node.exit).toBe(1);
      await node.said(/stops: cannot connect .*localhost.*password authentication failed.*Check/);
      expect(rehearsal.all('not-the-password')).toEqual([]);
    },
  );

  rehearse('is waited for where there is room for one, but not for the one that tries it', async (rehearsal) => {
    const { DB_USER } = rehearsal.database.environment;
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} CONNECTION LIMIT 1`);
    const node = await rehearsal.start('a');
    await node.said(/cannot connect to the database .*too many connections for role/);
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} CONNECTION LIMIT -1`);
    await node.said('NocoBase is healthy');
    expect(
      await rehearsal.database.query(`SELECT FROM pg_stat_activity
        WHERE application_name = 'nocobase-launcher' AND datname = current_database()`),
    ).toHaveLength(1);
  });

  rehearse('lost in the middle of an installation kills the app at once and ends the node', async (rehearsal) => {
    const node = await rehearsal.start('a');
    node.tell('hold-install');
    await node.said('[fake] installs');
    await rehearsal.database.cutConnections();
    expect(await node.exit).toBe(1);
    await node.said('lost the connection to the database');
    expect(rehearsal.all('[fake] stops')).toEqual([]);
    await eventually(
      () => node.get(),
      ({ error }) => error === 'ECONNREFUSED',
    );
  });

  rehearse(
    'lost while an installation is being stopped kills the app, which must not go on alone',
    async (rehearsal) => {
      const node = await rehearsal.start('a');
      node.tell('hold-install');
      node.tell('deaf');
      await node.said('[fake] installs');
      node.signal('SIGTERM');
      await node.said('[fake] is deaf');
      await rehearsal.database.cutConnections();
      await node.exit;
      expect(rehearsal.all('did not stop in time')).toEqual([]);
    },
  );

  rehearse('lost while waiting is taken up again', async (rehearsal) => {
    const first = await rehearsal.start('a');
    first.tell('hold-install');
    await first.said('[fake] installs');
    const second = await rehearsal.start('b');
    await second.said('waits: another node');
    await rehearsal.database.cutLatestConnection();
    await second.said('lost the connection to the database while waiting');
    first.release('hold-install');
    await second.said('NocoBase is healthy');
    await first.said('NocoBase is healthy');
  });

  rehearse('lost after the node was healthy is taken up again, while NocoBase serves on', async (rehearsal) => {
    const node = await rehearsal.start('a');
    await node.said('NocoBase is healthy');
    await rehearsal.database.cutConnections();
    await node.said('has its connection and its lock again');
    expect((await node.get()).status).toBe(200);
    expect(rehearsal.all('[fake] entrypoint')).toHaveLength(1);
    expect(
      await rehearsal.database.query(
        `SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = x'4e4f434c'::int
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      ),
    ).toEqual([{ mode: 'ShareLock' }]);
  });

  rehearse('lost for a while is taken up again, while NocoBase serves on', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_LOST: '60' });
    await node.said('NocoBase is healthy');
    const { DB_USER } = rehearsal.database.environment;
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} NOLOGIN`);
    await rehearsal.database.cutConnections();
    await node.said('NocoBase goes on meanwhile');
    expect((await node.get()).status).toBe(200);
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} LOGIN`);
    await node.said('has its connection and its lock again');
    expect(rehearsal.all('[fake] entrypoint')).toHaveLength(1);
  });

  rehearse('lost for too long stops NocoBase, and the node begins again when it is back', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_LOST: '0.5' });
    await node.said('NocoBase is healthy');
    const { DB_USER } = rehearsal.database.environment;
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} NOLOGIN`);
    await rehearsal.database.cutConnections();
    const stopped = await node.said('stops NocoBase at once');
    await eventually(
      () => node.get(),
      ({ status }) => status === 503,
    );
    await rehearsal.database.query(`ALTER ROLE ${DB_USER} LOGIN`);
    await node.said('NocoBase is healthy', stopped);
    expect(rehearsal.all('[fake] entrypoint skip=true')).toHaveLength(1);
  });
});

describe('a node without cluster adapters', () => {
  const single = { LAUNCHER_NODES: 'single', LAUNCHER_GENERATION: 'nocobase:2.2.15 pending' };
  const licensed = { LAUNCHER_REVISION: '2' };

  rehearse('is the only one: a second one waits until the first has ended', async (rehearsal) => {
    const first = await rehearsal.start('a', single);
    await first.said('NocoBase is healthy');
    const second = await rehearsal.start('b', single);
    await second.said('waits: other nodes');
    expect((await second.get()).status).toBe(503);
    first.signal('SIGTERM');
    expect(await first.exit).toBe(0);
    await second.said('NocoBase is healthy');
    expect(rehearsal.all(/entrypoint/)).toEqual([
      'a: [fake] entrypoint skip=no processes=1',
      'b: [fake] entrypoint skip=true processes=1',
    ]);
  });

  rehearse('leaves when the licensed cluster comes, stands by with a 503, and ends on TERM', async (rehearsal) => {
    const pending = await rehearsal.start('a', single);
    await pending.said('NocoBase is healthy');
    const first = await rehearsal.start('b', licensed);
    await first.said('asks to begin "nocobase:2.2.15 licensed"');
    const leaves = await pending.said('leaves: another version');
    const stopped = await pending.said('[fake] stops', leaves);
    await pending.said('stands by', stopped);
    const started = await first.said('[fake] entrypoint skip=no');
    expect(started).toBeGreaterThan(stopped);
    await first.said('NocoBase is healthy');
    const second = await rehearsal.start('c', licensed);
    await second.said('NocoBase is healthy');
    expect((await pending.get()).status).toBe(503);
    pending.signal('SIGTERM');
    expect(await pending.exit).toBe(0);
  });

  rehearse('that is started again while the licensed cluster runs stands by', async (rehearsal) => {
    const first = await rehearsal.start('a', licensed);
    await first.said('NocoBase is healthy');
    const pending = await rehearsal.start('b', single);
    await pending.said('stands by');
    const second = await rehearsal.start('c', licensed);
    await second.said('NocoBase is healthy');
    expect(rehearsal.all('b: [fake]')).toEqual([]);
  });
});
