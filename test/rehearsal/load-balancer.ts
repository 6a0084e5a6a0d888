import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A target group and its load balancer as a template has them; times in milliseconds. */
export interface LoadBalancerSettings {
  readonly path: string;
  /** Of statuses that are healthy, e.g. `200` or `200,503`. */
  readonly matcher: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly deregistrationDelay: number;
  readonly idleTimeout: number;
}

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining';

/** A node behind the load balancer. */
export class Target {
  public state: TargetState = 'initial';
  /** When the state was last another one. */
  public since = performance.now();
  public readonly agent = new Agent({ keepAlive: true });
  public readonly inFlight = new Set<ClientRequest | Socket>();
  private passed = 0;
  private failed = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    public readonly port: number,
    private readonly settings: LoadBalancerSettings,
  ) {
    this.check();
  }

  public set(state: TargetState) {
    if (this.state === state) return;
    this.state = state;
    this.since = performance.now();
  }

  public end() {
    clearTimeout(this.timer);
    this.agent.destroy();
    for (const each of this.inFlight) each.destroy();
  }

  private check() {
    const { path, matcher, timeout, interval } = this.settings;
    this.timer = setTimeout(() => this.check(), interval);
    const asked = request({
      host: '127.0.0.1',
      port: this.port,
      path,
      timeout,
      headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
    });
    const done = (isHealthy: boolean) => {
      asked.removeAllListeners().on('error', () => {});
      asked.destroy();
      this.record(isHealthy);
    };
    asked
      .on('response', ({ statusCode }) => done(matcher.split(',').includes(String(statusCode))))
      .on('timeout', () => done(false))
      .on('error', () => done(false))
      .end();
  }

  /** One passed check makes a new target healthy; later it takes as many as the thresholds say. */
  private record(isHealthy: boolean) {
    if (this.state === 'draining') return;
    this.passed = isHealthy ? this.passed + 1 : 0;
    this.failed = isHealthy ? 0 : this.failed + 1;
    if (this.passed >= (this.state === 'initial' ? 1 : this.settings.healthyThreshold)) this.set('healthy');
    if (this.failed >= this.settings.unhealthyThreshold) this.set('unhealthy');
  }
}

/** What an Application Load Balancer does with HTTP: health by numbers, fail-open, kept-alive connections, draining. */
export class LoadBalancer {
  public readonly targets: Target[] = [];
  private readonly sockets = new Set<Socket>();
  private turn = 0;
  private readonly server = createServer((from, to) => this.forward(from, to));

  constructor(private readonly settings: LoadBalancerSettings) {
    this.server.keepAliveTimeout = settings.idleTimeout;
    this.server.requestTimeout = 0;
    this.server.on('upgrade', (from, socket: Socket, head) => this.upgrade(from, socket, head));
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  public async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public stop() {
    for (const target of this.targets.splice(0)) target.end();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  public register(port: number): Target {
    const target = new Target(port, this.settings);
    this.targets.push(target);
    return target;
  }

  /** No new requests; those on their way have until the end of the delay. */
  public deregister(target: Target) {
    target.set('draining');
    setTimeout(() => {
      this.targets.splice(this.targets.indexOf(target), 1);
      target.end();
    }, this.settings.deregistrationDelay).unref();
  }

  private next(): Target | undefined {
    const registered = this.targets.filter(({ state }) => state !== 'draining');
    const healthy = registered.filter(({ state }) => state === 'healthy');
    // Without a healthy one it opens to all of them.
    const candidates = healthy.length > 0 ? healthy : registered;
    this.turn += 1;
    return candidates[this.turn % candidates.length];
  }

  private forward(from: IncomingMessage, to: ServerResponse) {
    const target = this.next();
    if (target === undefined) return answer(to, 503);
    const asked = request({
      host: '127.0.0.1',
      port: target.port,
      method: from.method,
      path: from.url,
      headers: forwarded(from),
      agent: target.agent,
    });
    target.inFlight.add(asked);
    asked.setTimeout(this.settings.idleTimeout, () => asked.destroy(new Error('504')));
    asked.on('close', () => target.inFlight.delete(asked));
    asked.on('error', ({ message }) => (to.headersSent ? to.destroy() : answer(to, message === '504' ? 504 : 502)));
    asked.on('response', (response) => {
      to.writeHead(response.statusCode!, response.headers);
      response.pipe(to);
      response.on('error', () => to.destroy());
    });
    to.on('close', () => to.writableFinished || asked.destroy());
    from.pipe(asked);
  }

  private upgrade(from: IncomingMessage, socket: Socket, head: Buffer) {
    const target = this.next();
    if (target === undefined) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      return;
    }
    const upstream = connect(target.port, '127.0.0.1', () => {
      const lines = Object.entries({ ...forwarded(from), connection: 'Upgrade', upgrade: from.headers.upgrade });
      upstream.write(`${from.method} ${from.url} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    target.inFlight.add(upstream);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ]) {
      // Silence of both sides; data of either restarts it.
      one.setTimeout(this.settings.idleTimeout, () => one.destroy());
      one.on('data', () => other.setTimeout(this.settings.idleTimeout));
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    upstream.on('close', () => target.inFlight.delete(upstream));
  }
}

function forwarded(from: IncomingMessage) {
  return { ...from.headers, 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' };
}

function answer(to: ServerResponse, status: number) {
  to.writeHead(status, { server: 'awselb/2.0' }).end();
}
