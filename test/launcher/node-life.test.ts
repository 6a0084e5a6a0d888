import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { type Answer, eventually, get, type LauncherNode, type Rehearsal, rehearsing } from './rehearsal';

const rehearse = rehearsing();

/** Asks without a pause until told to stop. */
function pollHealth(node: LauncherNode) {
  const answers: Answer[] = [];
  let running = true;
  const done = (async () => {
    while (running) answers.push(await node.get());
  })();
  return async () => {
    running = false;
    await done;
    return answers;
  };
}

/** Who answered, one after the other; between two of them a request may meet nobody. */
function whoAnswered(answers: Answer[]) {
  const names = answers
    .filter(({ error }) => !error)
    .map(({ body }) => (body.includes('APP_PREPARING') ? 'stand-in' : 'app'));
  return names.filter((name, index) => name !== names[index - 1]);
}

describe('the stand-in', () => {
  rehearse('answers 503 in a form that fits who asks, and closes the connection', async (rehearsal) => {
    const node = await rehearsal.start('a');
    node.tell('hold-entrypoint');
    await node.said('hold-entrypoint');
    const health = await node.get();
    expect(health.status).toBe(503);
    expect(JSON.parse(health.body).error).toMatchObject({ status: 503, code: 'APP_PREPARING', maintaining: true });
    const page = await node.get('/admin', { accept: 'text/html,*/*' });
    expect(page.status).toBe(503);
    expect(page.headers).toMatchObject({ connection: 'close', 'retry-after': '5', 'cache-control': 'no-store' });
    expect(page.body).toContain('<title>NocoBase is starting</title>');
  });

  for (const [mode, environment] of [
    ['fork', {}],
    ['cluster', { CLUSTER_MODE: '2' }],
  ] as const) {
    rehearse(`hands the port over to the app, once and without a clash, in ${mode} mode`, async (rehearsal) => {
      // The generation is known, so that all processes start at once.
      const before = await rehearsal.start('before');
      await before.said('NocoBase is healthy');
      const node = await rehearsal.start('a', environment);
      await eventually(
        () => node.get(),
        ({ status }) => status === 503,
      );
      const stop = pollHealth(node);
      await node.said('NocoBase is healthy');
      await eventually(
        () => node.get(),
        ({ status }) => status === 200,
      );
      const answers = await stop();
      expect(whoAnswered(answers)).toEqual(['stand-in', 'app']);
      expect(rehearsal.all(/EADDRINUSE|already in use/)).toEqual([]);
    });
  }

  rehearse('takes the port again when the app crashes, and gives it back', async (rehearsal) => {
    const node = await rehearsal.start('a');
    await node.said('NocoBase is healthy');
    node.tell('hold-start');
    node.tell('crash');
    const crashed = await node.said('[fake] crashes');
    const again = await node.said('[fake] listens', crashed);
    await eventually(
      () => node.get(),
      ({ status, body }) => status === 503 && body.includes('APP_STARTING'),
    );
    node.release('hold-start');
    await eventually(
      () => node.get(),
      ({ status }) => status === 200,
    );
    expect(rehearsal.all('answers 503 there until NocoBase is back')).toHaveLength(1);
    expect(again).toBeGreaterThan(crashed);
    expect(rehearsal.all(/EADDRINUSE/)).toEqual([]);
    expect(rehearsal.all('[fake] entrypoint')).toHaveLength(1);
  });
});

rehearse(
  'an app that crashes once it was healthy is not upgraded again: other nodes run by then',
  async (rehearsal) => {
    const node = await rehearsal.start('a');
    await node.said('NocoBase is healthy');
    node.tell('crash');
    await node.said('[fake] healthy', await node.said('[fake] crashes'));
    expect(rehearsal.all('[fake] installs')).toHaveLength(1);
    expect(rehearsal.all('[fake] upgrades')).toEqual([]);
  },
);

describe('the preload', () => {
  rehearse('makes the app keep idle connections as long as it is told', async (rehearsal) => {
    const node = await rehearsal.start('a', { NODE_OPTIONS: '--no-warnings' });
    await node.said('keep-alive 370000');
    await node.said('NocoBase is healthy');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set();
    agent.on('free', (socket) => sockets.add(socket));
    await get(node.port, '/api/__health_check', {}, agent);
    await get(node.port, '/api/__health_check', {}, agent);
    agent.destroy();
    expect(sockets.size).toBe(1);
  });

  rehearse('tells the app the protocol of its users, where the load balancer cannot know it', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_FORWARDED_PROTO: 'https' });
    await node.said('NocoBase is healthy');
    const { headers } = await node.get('/api/__health_check', { 'x-forwarded-proto': 'http' });
    expect(headers['x-seen-proto']).toBe('https');
  });

  rehearse('leaves what the load balancer says where that is right', async (rehearsal) => {
    const node = await rehearsal.start('a');
    await node.said('NocoBase is healthy');
    const { headers } = await node.get('/api/__health_check', { 'x-forwarded-proto': 'http' });
    expect(headers['x-seen-proto']).toBe('http');
  });

  rehearse('is added to the options that are there', async (rehearsal) => {
    const node = await rehearsal.start('a', { NODE_OPTIONS: '--no-warnings' });
    node.tell('tell-environment');
    const line = rehearsal.events[await node.said('[fake] environment')];
    expect(JSON.parse(line.slice(line.indexOf('{'))).NODE_OPTIONS).toBe(
      `--no-warnings --require=${node.home}/launcher/preload.js`,
    );
  });
});

describe('the watchdog', () => {
  rehearse('(a) waiting at the gate never counts', async (rehearsal) => {
    const first = await rehearsal.start('a');
    first.tell('hold-install');
    await first.said('[fake] installs');
    // If it counted, its first look would be its last.
    const second = await rehearsal.start('b', { LAUNCHER_START_TIMEOUT: '0', LAUNCHER_UPGRADE_TIMEOUT: '0' });
    await second.said('waits: another node');
    const looks = new Set();
    await eventually(
      async () => {
        const [latest] = await rehearsal.database.query(
          `SELECT query_start::text FROM pg_stat_activity
           WHERE application_name = 'nocobase-launcher' AND datname = current_database()
           ORDER BY backend_start DESC LIMIT 1`,
        );
        return looks.add(latest.query_start).size;
      },
      (count) => count > 5,
    );
    expect((await second.get()).status).toBe(503);
    second.signal('SIGTERM');
    expect(await second.exit).toBe(0);
  });

  rehearse(
    '(b) the node that begins a generation ends when NocoBase reports an error that stays',
    async (rehearsal) => {
      const node = await rehearsal.start('a');
      node.tell('hold-install');
      node.tell('answer', 'SOME_PLUGIN_FAILED');
      expect(await node.exit).toBe(1);
      await node.said('stops: NocoBase reports an error from which it does not recover by itself: SOME_PLUGIN_FAILED');
      await node.said('[fake] stops');
    },
  );

  rehearse(
    '(b) … when upgradeTimeout has passed, but not after the shorter time of an ordinary start',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_START_TIMEOUT: '0', LAUNCHER_UPGRADE_TIMEOUT: '1' });
      node.tell('hold-install');
      expect(await node.exit).toBe(1);
      await node.said('stops: NocoBase did not become healthy within 1 s (upgradeTimeout); last seen: ');
    },
  );

  rehearse('(b) … and when its process has ended', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_ENTRYPOINT: '/bin/false' });
    expect(await node.exit).toBe(1);
    await node.said('stops: NocoBase ended with code 2');
  });

  rehearse('(c) an ordinary start has its own time', async (rehearsal) => {
    const first = await rehearsal.start('a');
    await first.said('NocoBase is healthy');
    const second = await rehearsal.start('b', { LAUNCHER_START_TIMEOUT: '1' });
    second.tell('hold-start');
    expect(await second.exit).toBe(1);
    await second.said('did not become healthy within 1 s (the time for an ordinary start)');
  });

  rehearse(
    '(d) a node that stays unhealthy after it was healthy ends itself, without waiting for the load balancer',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_UNHEALTHY_TIMEOUT: '0', LAUNCHER_DRAIN: '30' });
      await node.said('NocoBase is healthy');
      node.tell('answer', 'APP_COMMANDING');
      for (let i = 0, from = 0; i < 5; i++) from = (await node.said('[fake] answers APP_COMMANDING', from)) + 1;
      expect(rehearsal.all('stops')).toEqual([]);
      node.tell('answer', 'APP_ERROR');
      await node.said(/stops: NocoBase has not been healthy for \d s; last seen: APP_ERROR/);
      expect(await node.exit).toBe(1);
      expect(rehearsal.all('goes on serving')).toEqual([]);
    },
  );
});

describe('on TERM', () => {
  rehearse(
    'a node that serves goes on doing so while the load balancer takes it out; then PM2 alone gets TERM',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_DRAIN: '0.5' });
      node.tell('retitle');
      await node.said('NocoBase is healthy');
      node.signal('SIGTERM');
      const drains = await node.said('goes on serving for 0.5 s');
      node.signal('SIGTERM');
      expect((await node.get('/slow')).body).toBe('slow');
      expect((await node.get()).status).toBe(200);
      expect(rehearsal.all('[fake] stops')).toEqual([]);
      const passedOn = await node.said('sends TERM to pm2-runtime');
      const stops = await node.said('[fake] stops');
      expect(await node.exit).toBe(0);
      expect(passedOn).toBeGreaterThan(drains);
      expect(stops).toBeGreaterThan(passedOn);
      await node.said('SIGTERM again, already stopping');
      expect(rehearsal.all('got TERM itself')).toEqual([]);
      // The server may still be ending the session.
      await eventually(
        () =>
          rehearsal.database.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
        (locks) => locks.length === 0,
      );
    },
  );

  rehearse('an app that does not stop is killed before ECS would do it', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_STOP_TIMEOUT: '6' });
    node.tell('deaf');
    await node.said('NocoBase is healthy');
    node.signal('SIGTERM');
    const deaf = await node.said('[fake] is deaf');
    expect(await node.said('did not stop in time; sends KILL')).toBeGreaterThan(deaf);
    expect(await node.exit).toBe(137);
    await eventually(
      () => node.get(),
      ({ error }) => error === 'ECONNREFUSED',
    );
  });

  rehearse('a node that starts does not drain', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_DRAIN: '30' });
    node.tell('hold-install');
    await node.said('[fake] installs');
    node.signal('SIGTERM');
    expect(await node.exit).toBe(0);
    expect(rehearsal.all('goes on serving')).toEqual([]);
  });

  rehearse('a node in the first steps of the entrypoint ends, where there is no PM2 yet', async (rehearsal) => {
    const node = await rehearsal.start('a');
    node.tell('hold-entrypoint');
    await node.said('hold-entrypoint');
    node.signal('SIGINT');
    await node.said('sends TERM to all processes of the app');
    expect(await node.exit).toBe(0);
    expect(rehearsal.all('listens')).toEqual([]);
  });

  rehearse('a node that waits ends at once, and nobody waits in its place', async (rehearsal) => {
    const first = await rehearsal.start('a', { LAUNCHER_NODES: 'single' });
    first.tell('hold-install');
    await first.said('[fake] installs');
    const second = await rehearsal.start('b');
    await second.said('waits');
    second.signal('SIGTERM');
    expect(await second.exit).toBe(0);
    await eventually(
      () =>
        rehearsal.database.query(
          `SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      (rows) => rows.length === 0,
    );
  });
});

describe('the container health check', () => {
  rehearse('takes a node that serves or runs a command for healthy, and no other', async (rehearsal) => {
    const node = await rehearsal.start('a');
    await node.said('NocoBase is healthy');
    for (const [answer, code] of [
      ['ok', 0],
      ['APP_COMMANDING', 0],
      ['APP_STARTING', 1],
      ['APP_ERROR', 1],
    ] as const) {
      node.tell('answer', answer);
      expect([answer, await node.checkHealth()]).toEqual([answer, code]);
    }
  });

  rehearse('takes a waiting node for unhealthy', async (rehearsal) => {
    const node = await rehearsal.start('a');
    node.tell('hold-entrypoint');
    await node.said('hold-entrypoint');
    expect(await node.checkHealth()).toBe(1);
  });

  rehearse('asks below the public path', async (rehearsal) => {
    const node = await rehearsal.start('a', { APP_PUBLIC_PATH: 'office' });
    await node.said('NocoBase is healthy');
    await node.said('[fake] asked for /office/api/__health_check');
  });
});

describe('the licence key', () => {
  const KEY = 'the-licence-key-as-issued';
  const file = (rehearsal: Rehearsal) => join(rehearsal.storage, '.license/license-key');

  rehearse(
    'is written for its owner only, and no process of the app and no log line gets to see it',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_LICENSE: 'required', LAUNCHER_LICENSE_KEY: `${KEY}\n` });
      node.tell('tell-environment');
      await node.said('NocoBase is healthy');
      expect(readFileSync(file(rehearsal), 'utf8')).toBe(KEY);
      expect(statSync(file(rehearsal)).mode & 0o777).toBe(0o600);
      expect(rehearsal.all(KEY)).toEqual([]);
      expect(rehearsal.all(/LAUNCHER_LICENSE_KEY|LAUNCHER_DATABASE_CA|BEGIN CERTIFICATE/)).toEqual([]);
      expect(rehearsal.all(rehearsal.database.environment.DB_PASSWORD).filter((e) => !e.includes('[fake]'))).toEqual(
        [],
      );
    },
  );

  rehearse('that is there already is not written again; another one is replaced', async (rehearsal) => {
    mkdirSync(join(rehearsal.storage, '.license'), { recursive: true });
    writeFileSync(file(rehearsal), KEY);
    const before = statSync(file(rehearsal)).ino;
    const same = await rehearsal.start('a', { LAUNCHER_LICENSE_KEY: KEY });
    await same.said('NocoBase is healthy');
    expect(statSync(file(rehearsal)).ino).toBe(before);
    const other = await rehearsal.start('b', { LAUNCHER_LICENSE_KEY: 'another-key' });
    await other.said('wrote the licence key');
    expect(readFileSync(file(rehearsal), 'utf8')).toBe('another-key');
  });

  for (const key of ['', ' \n']) {
    rehearse(`that is required and ${JSON.stringify(key)} stops the node before anything starts`, async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_LICENSE: 'required', LAUNCHER_LICENSE_KEY: key });
      expect(await node.exit).toBe(1);
      await node.said(/stops: the licence key is missing.*ClusterPlugins\.licensed/);
      expect(rehearsal.all('[fake]')).toEqual([]);
      expect(await rehearsal.database.query(`SELECT FROM pg_namespace WHERE nspname = 'cdk_nocobase'`)).toEqual([]);
    });
  }
});

describe('required plug-ins', () => {
  const REDIS = '@nocobase/plugin-lock-adapter-redis';
  const QUEUE = '@nocobase/plugin-queue-adapter-redis';

  rehearse(
    'that are not there when the app is about to listen end the node, which never gets to the database',
    async (rehearsal) => {
      const node = await rehearsal.start('a', { LAUNCHER_REQUIRED_PLUGINS: `${REDIS},${QUEUE}` });
      node.install(REDIS);
      expect(await node.exit).toBe(1);
      await node.said(`stops: ${QUEUE} is not there`);
      expect(rehearsal.all(/\[fake\] (listens|installs)/)).toEqual([]);
    },
  );

  rehearse('are found where the command line puts them', async (rehearsal) => {
    const node = await rehearsal.start('a', { LAUNCHER_REQUIRED_PLUGINS: `${REDIS},${QUEUE}` });
    node.install(REDIS);
    node.install(QUEUE);
    await node.said('NocoBase is healthy');
  });
});
