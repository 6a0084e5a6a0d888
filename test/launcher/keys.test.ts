import { rehearsing } from './rehearsal';

const rehearse = rehearsing();

const OTHER = { APP_KEY: 'another key' };

rehearse('another APP_KEY is refused at every start, and the way out is said', async (rehearsal) => {
  const a = await rehearsal.start('a');
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...OTHER, LAUNCHER_REVISION: '2' });
  await b.said(/stops: APP_KEY of this node is another.*Give the former value back.*`allowChangedKeys`/);
  expect(await b.exit).toBe(1);
  expect(rehearsal.all('b: [fake]')).toEqual([]);

  a.signal('SIGTERM');
  await a.exit;
  const alone = await rehearsal.start('c', { APP_AES_SECRET_KEY: 'cd'.repeat(32), ...OTHER });
  await alone.said('stops: APP_KEY and APP_AES_SECRET_KEY of this node are others');
  const same = await rehearsal.start('d', { APP_AES_SECRET_KEY: 'AB'.repeat(32) });
  await same.said('NocoBase is healthy');
});

rehearse(
  'a new version with another key is refused before it asks, and the nodes before serve on',
  async (rehearsal) => {
    const a = await rehearsal.start('a');
    await a.said('NocoBase is healthy');
    const b = await rehearsal.start('b', {
      ...OTHER,
      LAUNCHER_REVISION: '2',
      LAUNCHER_GENERATION: 'nocobase:2.3.0 licensed',
    });
    expect(await b.exit).toBe(1);
    expect(rehearsal.all(/b: .*asks to begin|leaves/)).toEqual([]);
    expect((await a.get()).status).toBe(200);
  },
);

rehearse('a change that is meant is the known key once NocoBase is healthy with it', async (rehearsal) => {
  const a = await rehearsal.start('a');
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...OTHER, LAUNCHER_CHANGED_KEYS: 'allowed', LAUNCHER_REVISION: '2' });
  await b.said('NocoBase is healthy');

  const c = await rehearsal.start('c', { ...OTHER, LAUNCHER_REVISION: '3' });
  await c.said('NocoBase is healthy');
  const former = await rehearsal.start('d', { LAUNCHER_REVISION: '3' });
  await former.said('stops: APP_KEY of this node is another');
  // A deployment that fails for another reason goes back.
  const rolledBack = await rehearsal.start('e', { LAUNCHER_REVISION: '1' });
  await rolledBack.said('NocoBase is healthy');
});

rehearse('what was known of the keys goes with them, whichever version begins', async (rehearsal) => {
  const other = { LAUNCHER_GENERATION: 'nocobase:2.2.15 pending' };
  const first = await rehearsal.start('a');
  await first.said('NocoBase is healthy');
  const second = await rehearsal.start('b', {
    ...other,
    ...OTHER,
    LAUNCHER_CHANGED_KEYS: 'allowed',
    LAUNCHER_REVISION: '2',
  });
  await second.said('NocoBase is healthy');
  const again = await rehearsal.start('c', { ...OTHER, LAUNCHER_REVISION: '3' });
  again.tell('hold-upgrade');
  await again.said('[fake] upgrades');
  const beside = await rehearsal.start('d', { ...OTHER, LAUNCHER_REVISION: '3' });
  await beside.said('waits: another node installs or upgrades');
  again.release('hold-upgrade');
  await beside.said('NocoBase is healthy');
});

rehearse('a change that is meant but never gets healthy leaves the way back open', async (rehearsal) => {
  const a = await rehearsal.start('a');
  await a.said('NocoBase is healthy');
  const b = await rehearsal.start('b', { ...OTHER, LAUNCHER_CHANGED_KEYS: 'allowed', LAUNCHER_REVISION: '2' });
  b.tell('hold-start');
  await b.said('[fake] entrypoint skip=true');
  b.kill();
  await b.exit;
  const c = await rehearsal.start('c');
  await c.said('NocoBase is healthy');
});

rehearse('on a schema that was emptied any keys are new', async (rehearsal) => {
  const a = await rehearsal.start('a');
  await a.said('NocoBase is healthy');
  a.signal('SIGTERM');
  await a.exit;
  await rehearsal.database.emptySchema();
  // Also when the first try of it ends in the middle.
  const killed = await rehearsal.start('b', OTHER);
  killed.tell('hold-install');
  await killed.said('[fake] installs');
  killed.kill();
  await killed.exit;
  await killed.killApp();
  const b = await rehearsal.start('c', OTHER);
  await b.said('installs NocoBase');
  await b.said('NocoBase is healthy');
});

rehearse(
  'no key, and nothing that a key can be guessed by cheaply, is in the database or in what is said',
  async (rehearsal) => {
    const a = await rehearsal.start('a');
    await a.said('NocoBase is healthy');
    const b = await rehearsal.start('b', OTHER);
    await b.exit;
    const [{ keys }] = await rehearsal.database.generations();
    const stored = JSON.stringify(keys);
    for (const key of ['a key', 'ab'.repeat(32)]) {
      expect(stored).not.toContain(key);
      expect(stored).not.toContain(Buffer.from(key).toString('base64').slice(0, 8));
      expect(rehearsal.all(key)).toEqual([]);
    }
    expect(rehearsal.all('another key')).toEqual([]);
    // 32 bytes, and 16 of salt.
    const print = [expect.stringMatching(/^.{24}$/), expect.stringMatching(/^.{44}$/)];
    expect(keys).toEqual({ APP_KEY: print, APP_AES_SECRET_KEY: print, family: 'nocobase', revision: 1 });
  },
);
