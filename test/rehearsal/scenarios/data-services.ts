import type { Cluster } from '../cluster';
import { moduleOf } from '../nocobase';
import type { Scenario, Stage } from '../scenario';

const amqp = require('amqplib');
const { Client } = require('pg');

/** The clients of Redis that NocoBase has: its adapters' and its cache's. */
const REDIS_CLIENTS = { 'node-redis 5': '', 'node-redis 4': 'cache-manager-redis-yet' };

export const dataServices: Scenario = {
  number: 8,
  title: 'the data services as nodes reach them',
  async run(stage) {
    await postgres(stage);
    await redis(stage);
    await rabbitMq(stage);
    await strictness(stage);
  },
};

async function postgres({ cluster, say, expect }: Stage) {
  say('PostgreSQL …');
  const {
    DB_HOST: host,
    DB_PORT,
    DB_DATABASE: database,
    DB_USER: user,
    DB_PASSWORD: password,
    LAUNCHER_DATABASE_CA: ca,
  } = cluster.environment;
  const done = await attempt(async () => {
    const client = new Client({ host, port: Number(DB_PORT), database, user, password, ssl: { ca } });
    await client.connect();
    const { rows } = await client.query('SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    return rows[0].version;
  });
  expect("PostgreSQL answers to the nodes' user, and has a certificate that they trust", done.text, done.isGood);
}

async function redis({ cluster, say, expect }: Stage) {
  const urls = Object.entries(cluster.environment).filter(([name]) => name.endsWith('REDIS_URL'));
  for (const [variable, url] of urls) {
    say(`${variable} …`);
    for (const [name, from] of Object.entries(REDIS_CLIENTS)) {
      const { createClient } = moduleOf(cluster.app, 'redis', from);
      const client = createClient({
        url,
        socket: { ca: cluster.parts.redis.certificate.ca, reconnectStrategy: false },
      });
      client.on('error', () => {});
      const done = await attempt(async () => {
        await client.connect();
        return commands(client);
      });
      if (client.isOpen) await client.disconnect();
      expect(`${variable} answers to ${name}`, done.text, done.isGood);
    }
  }
  expect('the template has the URLs of all five functions', urls.map(([name]) => name).join(', '), urls.length === 5);
}

/** What NocoBase and its adapters ask for. */
async function commands(client: any): Promise<string> {
  const key = `rehearsal:${Math.random()}`;
  const is = (what: string, isSo: boolean) => {
    if (!isSo) throw new Error(`${what} does not do what it should`);
  };
  is('SET NX PX', (await client.set(key, 'one', { NX: true, PX: 60_000 })) === 'OK');
  is('SET NX PX', (await client.set(key, 'other', { NX: true, PX: 60_000 })) === null);
  const script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";
  is('EVAL', (await client.eval(script, { keys: [key], arguments: ['other'] })) === 0);
  is('EVAL', (await client.eval(script, { keys: [key], arguments: ['one'] })) === 1);
  await client.xGroupCreate(key, 'group', '0', { MKSTREAM: true });
  await client.xAdd(key, '*', { content: 'a job' });
  const [{ messages }] = await client.xReadGroup('group', 'consumer', { key, id: '>' }, { COUNT: 1 });
  is('XREADGROUP', messages[0].message.content === 'a job');
  is('XACK', (await client.xAck(key, 'group', messages[0].id)) === 1);
  await client.del(key);
  const bloom = await client.sendCommand(['BF.RESERVE', key, '0.01', '100']).then(
    async () => {
      await client.sendCommand(['BF.ADD', key, 'token']);
      is('BF.EXISTS', Number(await client.sendCommand(['BF.EXISTS', key, 'token'])) === 1);
      await client.del(key);
      return 'Bloom filters';
    },
    ({ message }: Error) => {
      if (!/unknown command/i.test(message)) throw new Error(message);
      return 'no Bloom filters in this server';
    },
  );
  return `locks, scripts, streams; ${bloom}`;
}

async function rabbitMq({ cluster, say, expect }: Stage) {
  const url = cluster.environment.QUEUE_ADAPTER_RABBITMQ_URL;
  if (url === undefined) return;
  say('QUEUE_ADAPTER_RABBITMQ_URL with amqplib …');
  const done = await attempt(async () => {
    const connection = await connectQueue(cluster, url);
    const channel = await connection.createConfirmChannel();
    const name = 'rehearsal';
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const received = new Promise<string>((resolve) => {
      void channel.consume(
        name,
        (message: any) => {
          channel.ack(message);
          resolve(String(message.content));
        },
        { consumerTag: name },
      );
    });
    channel.sendToQueue(name, Buffer.from('a job'), { persistent: true });
    await channel.waitForConfirms();
    const content = await received;
    await channel.cancel(name);
    await channel.deleteQueue(name);
    await connection.close();
    if (content !== 'a job') throw new Error(`received ${content}`);
    return 'published, confirmed and consumed on a quorum queue';
  });
  expect('QUEUE_ADAPTER_RABBITMQ_URL answers to amqplib', done.text, done.isGood);
}

function connectQueue({ parts }: Cluster, url: string): Promise<any> {
  return amqp.connect(url, { ca: [parts.queue.certificate.ca], servername: new URL(url).hostname });
}

/** That the services here are as strict as those of AWS: otherwise nothing above would mean anything. */
async function strictness({ cluster, say, expect }: Stage) {
  say('Trying what must not work …');
  const { postgres, redis: cache, queue } = cluster.parts;
  const { DB_USER: user, DB_PASSWORD: password, REDIS_URL, QUEUE_ADAPTER_RABBITMQ_URL } = cluster.environment;
  const database = (options: object) => async () => {
    const client = new Client({
      host: 'localhost',
      port: postgres.server.port,
      database: 'postgres',
      user,
      ...options,
    });
    await client.connect();
    await client.end();
  };
  const cacheClient = (url: string, ca: string) => async () => {
    const { createClient } = moduleOf(cluster.app, 'redis');
    const client = createClient({ url, socket: { ca, reconnectStrategy: false, connectTimeout: 3000 } });
    client.on('error', () => {});
    await client.connect().then(() => client.ping());
    client.destroy();
  };
  const wrong = (url: string) => Object.assign(new URL(url), { password: 'not-the-password' }).href;
  const tls = { ca: postgres.certificate.ca };
  const refused: { readonly [what: string]: () => Promise<unknown> } = {
    'PostgreSQL without TLS': database({ password }),
    'PostgreSQL with another password': database({ password: 'not-the-password', ssl: tls }),
    'PostgreSQL by the certificate of another CA': database({ password, ssl: { ca: cache.certificate.ca } }),
    'Redis without TLS': cacheClient(REDIS_URL.replace('rediss:', 'redis:'), cache.certificate.ca),
    'Redis with another password': cacheClient(wrong(REDIS_URL), cache.certificate.ca),
    'Redis by the certificate of another CA': cacheClient(REDIS_URL, postgres.certificate.ca),
    'RabbitMQ with another password': () => connectQueue(cluster, wrong(QUEUE_ADAPTER_RABBITMQ_URL)),
    'RabbitMQ as guest': () => connectQueue(cluster, `amqps://guest:guest@localhost:${queue.server.port}`),
    'RabbitMQ without TLS': () => connectQueue(cluster, QUEUE_ADAPTER_RABBITMQ_URL.replace('amqps:', 'amqp:')),
  };
  for (const [what, connect] of Object.entries(refused)) {
    const outcome = await connect().then(
      () => undefined,
      (error: Error) => error.message || error.name,
    );
    expect(`${what} is refused`, outcome ?? 'it was let in', outcome !== undefined);
  }
  const config = await attempt(async () => {
    const { createClient } = moduleOf(cluster.app, 'redis');
    const client = createClient({ url: REDIS_URL, socket: { ca: cache.certificate.ca, reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    const answer = client.sendCommand(['CONFIG', 'GET', '*']).then(
      () => 'it answered',
      (error: Error) => error.message,
    );
    return answer.finally(() => client.destroy());
  });
  expect('CONFIG is refused, as on ElastiCache', config.text, /unknown command/i.test(config.text));
}

async function attempt(work: () => Promise<string>): Promise<{ readonly text: string; readonly isGood: boolean }> {
  return work().then(
    (text) => ({ text, isGood: true }),
    (error: Error) => ({ text: error.message, isGood: false }),
  );
}
