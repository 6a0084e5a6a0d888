import { eventually, rehearsing } from './rehearsal';

const rehearse = rehearsing();

const OLD = { LAUNCHER_GENERATION: 'nocobase:2.2.15 licensed', LAUNCHER_REVISION: '1' };
const NEW = { LAUNCHER_GENERATION: 'nocobase:2.3.0 licensed', LAUNCHER_REVISION: '2' };

rehearse(
  'the nodes before leave in order, and the new one begins when the last of them has stopped',
  async (rehearsal) => {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => rehearsal.start(name, { ...OLD, LAUNCHER_LEAVE: '1' })));
    await Promise.all([a, b].map((node) => node.said('NocoBase is healthy')));
    const c = await rehearsal.start('c', NEW);
    await c.said('asks to begin "nocobase:2.3.0 licensed"');
    expect((await c.get()).status).toBe(503);

    // They serve on while the load balancer sees them leave.
    const leaving = await a.said('leaves: another version');
    await eventually(
      () => a.get(),
      ({ status }) => status === 503,
    );
    expect((await a.get('/')).status).toBe(200);
    const stopped = [await a.said('stands by', leaving), await b.said('stands by')];
    const began = await c.said(/begins "nocobase:2.3.0 licensed".*Restore point: \d{4}-/);
    expect(began).toBeGreaterThan(Math.max(...stopped));
    await c.said('[fake] upgrades');
    await c.said('NocoBase is healthy');

    const d = await rehearsal.start('d', NEW);
    await d.said('entrypoint skip=true');
    await d.said('NocoBase is healthy');
    // They have not ended: ECS would start them again.
    for (const node of [a, b]) {
      expect((await node.get()).status).toBe(503);
      node.signal('SIGTERM');
      expect(await node.exit).toBe(0);
    }
    const [before, after] = (await rehearsal.database.generations()).sort((x: any, y: any) => x.began_at - y.began_at);
    expect(after).toMatchObject({ generation: 'nocobase:2.3.0 licensed', failures: 0, starting: false });
    expect(after.began_at.getTime() - after.restore_point.getTime()).toBeGreaterThanOrEqual(2000);
    expect(after.restore_point.getTime()).toBeGreaterThan(before.healthy_at.getTime());
  },
);

rehearse('a node that is ended while it leaves is not taken for one that has vanished', async (rehearsal) => {
  const a = await rehearsal.start('a', { ...OLD, LAUNCHER_LEAVE: '60' });
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', NEW);
  await a.said('leaves: another version');
  a.signal('SIGTERM');
  expect(await a.exit).toBe(0);
  await b.said('NocoBase is healthy');
  expect(rehearsal.all('has vanished')).toEqual([]);
});

rehearse('a node of the version before that starts in mid-upgrade stands by', async (rehearsal) => {
  const a = await rehearsal.start('a', OLD);
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', NEW);
  b.tell('hold-upgrade');
  await b.said('[fake] upgrades');
  const again = await rehearsal.start('c', OLD);
  await again.said('stands by: "nocobase:2.3.0 licensed" has begun');
  expect((await again.get()).status).toBe(503);
  b.release('hold-upgrade');
  await b.said('NocoBase is healthy');
  expect(rehearsal.all('c: [fake]')).toEqual([]);
});

rehearse('a request lapses with the node that asks, and the nodes before serve again', async (rehearsal) => {
  const a = await rehearsal.start('a', OLD);
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', NEW);
  const left = await a.said('stands by');
  b.kill();
  await b.exit;
  await b.killApp();
  if (rehearsal.all('b: [launcher] begins').length === 0) {
    await a.said('NocoBase is healthy', left);
    expect(rehearsal.all('a: [fake] entrypoint skip=true')).toHaveLength(1);
  } else {
    await a.said('stands by: "nocobase:2.3.0 licensed" has begun', left);
  }
});

rehearse('another setting of the same version rolls without anybody leaving', async (rehearsal) => {
  const a = await rehearsal.start('a', OLD);
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...OLD, LAUNCHER_REVISION: '2' });
  await b.said('NocoBase is healthy');
  expect(rehearsal.all('leaves')).toEqual([]);
  expect((await a.get()).status).toBe(200);
});

rehearse(
  'an upgrade that fails is tried again, then given up, and the version before answers for the rollback',
  async (rehearsal) => {
    const a = await rehearsal.start('a', OLD);
    await a.said('NocoBase is healthy');
    for (const name of ['b', 'c']) {
      const node = await rehearsal.start(name, NEW);
      node.tell('fail-upgrade');
      expect(await node.exit).toBe(1);
      await node.said('[fake] upgrades');
    }
    const third = await rehearsal.start('d', NEW);
    expect(await third.exit).toBe(1);
    await third.said(/did not become healthy on this database in 2 tries.*restore the database to \d{4}-/);
    expect(rehearsal.all('d: [fake]')).toEqual([]);

    await a.said('is superseded');
    await eventually(
      () => a.get(),
      ({ status }) => status === 200,
    );
    expect(await a.get('/', { accept: 'text/html' })).toMatchObject({
      status: 503,
      body: expect.stringContaining('An update did not succeed'),
    });

    // A mended version, deployed after it, begins; the restore point is that before the first failure.
    const [failed] = (await rehearsal.database.generations()).filter(({ given_up_at }: any) => given_up_at !== null);
    const mended = await rehearsal.start('e', {
      LAUNCHER_GENERATION: 'nocobase:2.3.1 licensed',
      LAUNCHER_REVISION: '3',
    });
    await mended.said('NocoBase is healthy');
    const rows = await rehearsal.database.generations();
    expect(rows.find(({ generation }: any) => /2\.3\.1/.test(generation)).restore_point).toEqual(failed.restore_point);
    await eventually(
      () => a.get(),
      ({ status }) => status === 503,
    );
  },
);

rehearse(
  'the version before, deployed again on what a newer one has migrated, is refused unless allowed',
  async (rehearsal) => {
    const a = await rehearsal.start('a', OLD);
    await a.said('NocoBase is healthy');
    const b = await rehearsal.start('b', NEW);
    await b.said('NocoBase is healthy');
    const back = await rehearsal.start('c', { ...OLD, LAUNCHER_REVISION: '3' });
    expect(await back.exit).toBe(1);
    await back.said(/nocobase:2\.2\.15 ran on this database before nocobase:2\.3\.0 .*NocoBase cannot go back/);
    expect((await b.get()).status).toBe(200);

    const allowed = await rehearsal.start('d', {
      ...OLD,
      LAUNCHER_REVISION: '4',
      LAUNCHER_ON_MIGRATED_DATABASE: 'nocobase:2.2.15',
    });
    await b.said('leaves');
    await allowed.said('NocoBase is healthy');
  },
);

describe('a node that begins nothing', () => {
  const WORKER = { LAUNCHER_BEGINS: 'never', LAUNCHER_FAMILY: 'workers' };

  rehearse('waits for the installation, and for the new version, which it does not ask for', async (rehearsal) => {
    const worker = await rehearsal.start('w', { ...OLD, ...WORKER });
    await worker.said('waits: the first web node installs NocoBase');
    expect((await worker.get()).status).toBe(503);
    const web = await rehearsal.start('a', OLD);
    await worker.said('entrypoint skip=true');
    await worker.said('NocoBase is healthy');

    const newWorker = await rehearsal.start('v', { ...NEW, ...WORKER });
    await newWorker.said('waits: a web node has to begin "nocobase:2.3.0 licensed"');
    expect(rehearsal.all(/asks to begin "nocobase:2.3|leaves:/)).toEqual([]);
    const newWeb = await rehearsal.start('b', NEW);
    await Promise.all([web, worker].map((node) => node.said('stands by: NocoBase is stopped here')));
    await newWeb.said('NocoBase is healthy');
    await newWorker.said('NocoBase is healthy');
    expect(rehearsal.all(/^[wv]: .*(begins|installs NocoBase in|asks to begin)/)).toEqual([]);
  });

  rehearse(
    'answers the health path when the newer version was given up, so that it can be rolled back',
    async (rehearsal) => {
      const web = await rehearsal.start('a', OLD);
      await web.said('NocoBase is healthy');
      const fails = await rehearsal.start('b', { ...NEW, LAUNCHER_UPGRADE_TRIES: '1' });
      fails.tell('fail-upgrade');
      expect(await fails.exit).toBe(1);
      // It has never run: the ledger does not know of it.
      const worker = await rehearsal.start('w', { LAUNCHER_GENERATION: 'nocobase:2.1.0 licensed', ...WORKER });
      await worker.said('is superseded: "nocobase:2.3.0 licensed"');
      expect((await worker.get()).status).toBe(200);
      expect((await worker.get('/')).status).toBe(503);
    },
  );
});
