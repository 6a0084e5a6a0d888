import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { conditionsOf } from './listener-rule';
import { LoadBalancer, type LoadBalancerSettings } from './load-balancer';
import { until } from './waiting';

const SETTINGS: LoadBalancerSettings = {
  path: '/health',
  matcher: '200,210-219',
  interval: 5,
  timeout: 1000,
  healthyThreshold: 3,
  unhealthyThreshold: 2,
  idleTimeout: 60_000,
  deregistrationDelay: 60_000,
  protocol: 'http',
  port: 80,
  conditions: [],
  users: new URL('https://nocobase.example.com/'),
};

/** A server behind the load balancer, whose health a test decides on. */
class Backend {
  public health = 200;
  /** Of the last request of a user. */
  public headers?: IncomingHttpHeaders;
  /** The answers to its health check one by one, and none when they are used up; instead of `health`. */
  public script?: number[];
  /** What ends the requests for /slow. */
  public readonly slow: (() => void)[] = [];
  private readonly server: Server;

  constructor(private readonly name: string) {
    this.server = createServer((asked, answer) => {
      if (asked.url !== '/health') this.headers = asked.headers;
      if (asked.url === '/slow') {
        this.slow.push(() => answer.end(this.name));
        return;
      }
      const status = asked.url !== '/health' ? 200 : this.script ? this.script.shift() : this.health;
      if (status !== undefined) answer.writeHead(status).end(this.name);
    });
  }

  public async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  public stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let balancer: LoadBalancer;
const backends: Backend[] = [];

async function start(settings: Partial<LoadBalancerSettings> = {}) {
  balancer = new LoadBalancer({ ...SETTINGS, ...settings });
  await balancer.start();
}

async function backend(name: string): Promise<Backend> {
  const made = await new Backend(name).start();
  backends.push(made);
  return made;
}

afterEach(() => {
  balancer.stop();
  for (const each of backends.splice(0)) each.stop();
});

/** @returns the status, and which backend has answered */
function ask(path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`${balancer.url}${path}`, { agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += data;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`.trim()));
    })
      .on('error', reject)
      .end();
  });
}

async function several(count = 6): Promise<string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i++) answers.push(await ask());
  return [...new Set(answers)].sort();
}

test('health follows the thresholds, and one passed check is enough for a new target', async () => {
  await start({ timeout: 600_000 });
  const one = await backend('one');
  one.script = [
    200, /* one failure */ 503, 200, /* two */ 503, 503, /* not enough */ 200, 200, 503, 503, 200, 200, 200,
  ];
  const target = balancer.register(one.port);
  await until('healthy again', () => target.history.length === 3);
  expect(target.history).toEqual(['healthy', 'unhealthy', 'healthy']);
  expect(one.script).toEqual([]);
});

test.each([
  [200, 'healthy'],
  [215, 'healthy'],
  [204, 'unhealthy'],
  [503, 'unhealthy'],
])('a health check answered with %i makes a target %s, as the matcher says', async (status, state) => {
  await start();
  const one = await backend('one');
  one.health = status;
  const target = balancer.register(one.port);
  await until('decided', () => target.state !== 'initial');
  expect(target.state).toBe(state);
});

test('a health check without an answer in time has failed', async () => {
  await start({ path: '/slow', timeout: 5 });
  const one = await backend('one');
  const target = balancer.register(one.port);
  await until('unhealthy', () => target.state === 'unhealthy');
});

test('only healthy targets get requests, in turn', async () => {
  await start();
  const [one, two, three] = [await backend('one'), await backend('two'), await backend('three')];
  three.health = 503;
  const targets = [one, two, three].map(({ port }) => balancer.register(port));
  await until('decided', () => targets.every(({ state }) => state !== 'initial'));
  expect(await several()).toEqual(['200 one', '200 two']);
});

test('a target that was unhealthy when it was taken out gets no more of them', async () => {
  await start();
  const [one, two] = [await backend('one'), await backend('two')];
  two.health = 503;
  const targets = [one, two].map(({ port }) => balancer.register(port));
  await until('decided', () => targets.every(({ state }) => state !== 'initial'));
  balancer.deregister(targets[1]);
  expect(await several()).toEqual(['200 one']);
});

test('when none is healthy, all get requests', async () => {
  await start();
  const [one, two] = [await backend('one'), await backend('two')];
  one.health = two.health = 503;
  const targets = [one, two].map(({ port }) => balancer.register(port));
  await until('unhealthy', () => targets.every(({ state }) => state === 'unhealthy'));
  expect(await several()).toEqual(['200 one', '200 two']);
});

test('without a target it answers 503 itself', async () => {
  await start();
  expect(await ask()).toBe('503');
});

test('a target that refuses connections is a 502', async () => {
  await start();
  const one = await backend('one');
  balancer.register(one.port);
  one.stop();
  expect(await ask()).toBe('502');
});

async function requestOnItsWay() {
  await start();
  const one = await backend('one');
  const target = balancer.register(one.port);
  await until('healthy', () => target.state === 'healthy');
  const slow = ask('/slow');
  await until('it is on its way', () => one.slow.length === 1);
  return { one, target, slow };
}

test('a request on its way when its target is deregistered gets its answer', async () => {
  const { one, target, slow } = await requestOnItsWay();
  balancer.deregister(target);
  one.slow[0]();
  expect(await slow).toBe('200 one');
});

test('and is cut when the deregistration delay is over before', async () => {
  const { target, slow } = await requestOnItsWay();
  balancer.deregister(target, 1);
  expect(await slow).toBe('502');
  expect(await ask()).toBe('503');
});

test('a node is told the name, protocol and port by which requests come, and not the address here', async () => {
  await start({ protocol: 'https', port: 8443, users: new URL('https://nocobase.example.com:8443/') });
  const one = await backend('one');
  balancer.register(one.port);
  await ask();
  expect(one.headers).toMatchObject({
    host: 'nocobase.example.com:8443',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '8443',
  });
  expect(balancer.origin).toBe('https://nocobase.example.com:8443');
});

const rule = (host: string, ...paths: string[]) =>
  conditionsOf(
    [
      { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
      { Field: 'path-pattern', Values: paths },
    ],
    'Rule.Conditions',
  );

test.each([
  ['/nocobase', '200 one'],
  ['/nocobase/api/app:getInfo?a=/', '200 one'],
  ['/nocobase2', '404'],
  ['/NOCOBASE', '404'],
  ['/?/nocobase/', '404'],
])('a rule for /nocobase and what is under it: %s is answered with %s', async (path, answer) => {
  await start({ conditions: rule('*.Example.com', '/nocobase', '/nocobase/*') });
  balancer.register((await backend('one')).port);
  expect(await ask(path)).toBe(answer);
});

test("a rule for another name than the users' lets none of their requests through, and no WebSocket", async () => {
  await start({ conditions: rule('other.example.com', '*') });
  balancer.register((await backend('one')).port);
  expect(await ask()).toBe('404');
  const status = new Promise((resolve, reject) => {
    request(balancer.url, { headers: { connection: 'Upgrade', upgrade: 'websocket' } })
      .on('response', ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end();
  });
  expect(await status).toBe(404);
});

test('a condition that the load balancer here does not know is an error that names the place', () => {
  expect(() => conditionsOf([{ Field: 'source-ip' }], 'Stack.Rule (T).Conditions')).toThrow(
    'Stack.Rule (T).Conditions: conditions of the type source-ip are not understood here.',
  );
});
