import { eventually, rehearsing } from './rehearsal';

// Upgrades in which something goes wrong that is rare.

const rehearse = rehearsing();

const OLD = { LAUNCHER_GENERATION: 'nocobase:2.2.15 licensed', LAUNCHER_REVISION: '1' };
const NEW = { LAUNCHER_GENERATION: 'nocobase:2.3.0 licensed', LAUNCHER_REVISION: '2' };

rehearse(
  'a node that loses its lock while it leaves kills NocoBase before another version begins',
  async (rehearsal) => {
    const a = await rehearsal.start('a', { ...OLD, LAUNCHER_LEAVE: '60' });
    await a.said('NocoBase is healthy');
    const b = await rehearsal.start('b', NEW);
    await a.said('leaves: another version');
    await rehearsal.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nocobase-launcher'
     AND datname = current_database() ORDER BY backend_start LIMIT 1`,
    );
    const killed = await a.said('kills NocoBase: it has lost its lock while it was stopping');
    expect(await b.said('begins "nocobase:2.3.0 licensed"')).toBeGreaterThan(killed);
    await b.said('NocoBase is healthy');
    await a.said('stands by: "nocobase:2.3.0 licensed" has begun');
    expect((await a.get()).status).toBe(503);
  },
);

rehearse(
  'a version whose plug-ins are missing has not touched the database: that before serves again',
  async (rehearsal) => {
    const a = await rehearsal.start('a', OLD);
    await a.said('NocoBase is healthy');
    for (const name of ['b', 'c']) {
      const from = rehearsal.events.length;
      const node = await rehearsal.start(name, { ...NEW, LAUNCHER_REQUIRED_PLUGINS: '@nocobase/plugin-missing' });
      await node.said('stops: @nocobase/plugin-missing is not there');
      expect(await node.exit).toBe(1);
      await a.said('NocoBase is healthy', from);
    }
    const third = await rehearsal.start('d', { ...NEW, LAUNCHER_REQUIRED_PLUGINS: '@nocobase/plugin-missing' });
    await third.said(/did not become healthy.*in 2 tries.*Deploy a version that works\. It is tried again/);
    expect(await third.exit).toBe(1);
    expect((await a.get()).status).toBe(200);
    expect(rehearsal.all(/is superseded|\[fake\] upgrades/)).toEqual([]);

    const licensed = await rehearsal.start('e', { ...NEW, LAUNCHER_REVISION: '3' });
    await licensed.said('NocoBase is healthy');
  },
);

rehearse('a version that was given up is tried again when the reason may have gone', async (rehearsal) => {
  const first = await rehearsal.start('a', { ...OLD, LAUNCHER_UPGRADE_TRIES: '1' });
  first.tell('answer', 'APP_ERROR');
  expect(await first.exit).toBe(1);
  const soon = await rehearsal.start('b', OLD);
  await soon.said(/did not become healthy.*Deploy a version that works\. It is tried again in a quarter of an hour/);
  await rehearsal.database.query(
    `UPDATE cdk_nocobase.generations SET given_up_at = given_up_at - interval '16 minutes'`,
  );
  const later = await rehearsal.start('c', OLD);
  await later.said('NocoBase is healthy');
});

rehearse('a later deployment of a version counts for what is rolled back after it', async (rehearsal) => {
  const a = await rehearsal.start('a', OLD);
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...OLD, LAUNCHER_REVISION: '4' });
  await b.said('NocoBase is healthy');
  const rolledBack = await rehearsal.start('c', NEW);
  await rolledBack.said('stands by: "nocobase:2.2.15 licensed" has begun');
  expect(rehearsal.all('leaves')).toEqual([]);
});

rehearse('a schema that was emptied is new to another stack, whose revisions begin at one', async (rehearsal) => {
  const a = await rehearsal.start('a', { ...OLD, LAUNCHER_REVISION: '12' });
  await a.said('NocoBase is healthy');
  a.signal('SIGTERM');
  await a.exit;
  await rehearsal.database.emptySchema();
  const b = await rehearsal.start('b', { ...OLD, LAUNCHER_FAMILY: 'other' });
  await b.said('NocoBase is healthy');
  const c = await rehearsal.start('c', { ...NEW, LAUNCHER_FAMILY: 'other' });
  await c.said('NocoBase is healthy');
});

rehearse('what was in use is never taken for half an installation, whatever failed since', async (rehearsal) => {
  const allowed = { LAUNCHER_ON_MIGRATED_DATABASE: 'nocobase:2.2.15', LAUNCHER_UPGRADE_TRIES: '5' };
  const a = await rehearsal.start('a', OLD);
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...NEW, LAUNCHER_UPGRADE_TRIES: '1' });
  b.tell('fail-upgrade');
  expect(await b.exit).toBe(1);
  const back = await rehearsal.start('c', { ...OLD, ...allowed, LAUNCHER_REVISION: '3' });
  back.tell('fail-upgrade');
  expect(await back.exit).toBe(1);
  // NocoBase writes its version anew at every start: for a moment there is none.
  await rehearsal.database.query('DELETE FROM "applicationVersion"');
  const again = await rehearsal.start('d', { ...OLD, ...allowed, LAUNCHER_REVISION: '3' });
  await again.said('NocoBase is healthy');
  expect(rehearsal.all(/dropping|installs NocoBase/)).toHaveLength(1);

  // A version that never worked here may be tried again without further words.
  const mended = await rehearsal.start('e', { ...NEW, LAUNCHER_REVISION: '4' });
  await mended.said('NocoBase is healthy');
  await eventually(
    () => again.get(),
    ({ status }) => status === 503,
  );
});
