import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { isPassedOn, type RuleCondition } from './listener-rule';
import { Target, type TargetGroupSettings } from './target';

/** A target group and its load balancer as a template has them; times in milliseconds. */
export interface LoadBalancerSettings extends TargetGroupSettings {
  readonly deregistrationDelay: number;
  /** By which protocol and at which port requests reach it: what it says to the nodes. */
  readonly protocol: string;
  readonly port: number;
  /** By which requests for NocoBase are known. Those for others are not answered by the nodes. */
  readonly conditions: readonly RuleCondition[];
  /** Where users believe to be: by another name than here, and by HTTPS also before a load balancer behind CloudFront. */
  readonly users: URL;
}

/**
 * For how long requests still go to a target that was just deregistered. AWS gives no number; the parts of a load
 * balancer learn of it one after the other.
 */
const PROPAGATION = 3000;

/** Between two hops of HTTP only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade'];

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

  /** As a browser names it. */
  public get origin(): string {
    return this.settings.users.origin;
  }

  /** By which it is reached here. To the nodes it names the host by which users come. */
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
  public deregister(target: Target, delay = this.settings.deregistrationDelay) {
    target.drain();
    setTimeout(() => this.remove(target), delay).unref();
  }

  private remove(target: Target) {
    const index = this.targets.indexOf(target);
    if (index >= 0) this.targets.splice(index, 1);
    target.end();
  }

  private next(): Target | undefined {
    const registered = this.targets.filter(
      ({ state, since }) => state !== 'draining' || performance.now() - since < PROPAGATION,
    );
    const healthy = registered.filter(
      ({ history, state }) => (state === 'draining' ? history.at(-2) : state) === 'healthy',
    );
    // Without a healthy one it opens to all of them.
    const candidates = healthy.length > 0 ? healthy : registered;
    this.turn += 1;
    const target = candidates[this.turn % candidates.length];
    if (target) target.lastRequestAt = performance.now();
    return target;
  }

  /** Others are for other rules of the listener, and for other applications. */
  private isForNodes({ url }: IncomingMessage): boolean {
    return isPassedOn(this.settings.conditions, this.settings.users.hostname, url!);
  }

  private forward(from: IncomingMessage, to: ServerResponse) {
    if (!this.isForNodes(from)) return answer(to, 404);
    const target = this.next();
    if (target === undefined) return answer(to, 503);
    const asked = request({
      host: '127.0.0.1',
      port: target.port,
      method: from.method,
      path: from.url,
      headers: { ...this.forwarded(from), connection: 'keep-alive' },
      agent: target.agent,
    });
    target.inFlight.add(asked);
    asked.setTimeout(this.settings.idleTimeout, () => asked.destroy(new Error('504')));
    asked.on('close', () => target.inFlight.delete(asked));
    asked.on('error', ({ message }) => (to.headersSent ? to.destroy() : answer(to, message === '504' ? 504 : 502)));
    asked.on('response', (response) => {
      to.writeHead(response.statusCode!, endToEnd(response.headers));
      response.pipe(to);
      response.on('error', () => to.destroy());
    });
    to.on('close', () => to.writableFinished || asked.destroy());
    from.pipe(asked);
  }

  private upgrade(from: IncomingMessage, socket: Socket, head: Buffer) {
    const refuse = (status: string) => void socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
    if (!this.isForNodes(from)) return refuse('404 Not Found');
    const target = this.next();
    if (target === undefined) return refuse('503 Service Unavailable');
    const upstream = connect(target.port, '127.0.0.1', () => {
      const lines = Object.entries({
        ...this.forwarded(from),
        connection: 'Upgrade',
        upgrade: from.headers.upgrade,
      });
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

  private forwarded({ headers }: IncomingMessage): OutgoingHttpHeaders {
    return {
      ...endToEnd(headers),
      host: this.settings.users.host,
      // The body comes on as it is.
      ...(headers['transfer-encoding'] ? { 'transfer-encoding': headers['transfer-encoding'] } : {}),
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': this.settings.protocol,
      'x-forwarded-port': String(this.settings.port),
    };
  }
}

function endToEnd(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

function answer(to: ServerResponse, status: number) {
  to.writeHead(status, { server: 'awselb/2.0' }).end();
}
