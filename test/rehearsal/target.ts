import { Agent, type ClientRequest, request } from 'node:http';
import type { Socket } from 'node:net';

/** A target group as a template has it; times in milliseconds. */
export interface TargetGroupSettings {
  readonly path: string;
  /** Of statuses that are healthy, e.g. `200`, `200,503` or `200-299`. */
  readonly matcher: string;
  readonly interval: number;
  readonly timeout: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Of the load balancer: how long it keeps a silent connection. */
  readonly idleTimeout: number;
}

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining';

/** Keeps silent connections for its own time. Node's would shorten that by what the target's `Keep-Alive` says. */
class KeepAlive extends Agent {
  constructor(private readonly idleTimeout: number) {
    super({ keepAlive: true, maxFreeSockets: 1000 });
  }

  public override keepSocketAlive(socket: Socket): boolean {
    socket.setTimeout(this.idleTimeout);
    return true;
  }
}

/** A node behind the load balancer. */
export class Target {
  public state: TargetState = 'initial';
  /** When the state was last another one. */
  public since = performance.now();
  /** When a user's request was last sent to it. */
  public lastRequestAt = 0;
  /** What it went through. */
  public readonly history: TargetState[] = [];
  public readonly agent: Agent;
  public readonly inFlight = new Set<ClientRequest | Socket>();
  private passed = 0;
  private failed = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    public readonly port: number,
    private readonly settings: TargetGroupSettings,
  ) {
    this.agent = new KeepAlive(settings.idleTimeout);
    this.check();
  }

  public drain() {
    this.set('draining');
  }

  public end() {
    this.set('draining');
    clearTimeout(this.timer);
    this.agent.destroy();
    for (const each of this.inFlight) each.destroy();
  }

  private set(state: TargetState) {
    if (this.state === state) return;
    this.state = state;
    this.since = performance.now();
    this.history.push(state);
  }

  private check() {
    const { path, timeout, interval } = this.settings;
    this.timer = setTimeout(() => this.check(), interval);
    const asked = request({
      host: '127.0.0.1',
      port: this.port,
      path,
      agent: false,
      headers: { 'user-agent': 'ELB-HealthChecker/2.0' },
    });
    let isDone = false;
    const done = (isHealthy: boolean) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(limit);
      asked.destroy();
      this.record(isHealthy);
    };
    const limit = setTimeout(() => done(false), timeout);
    asked
      .on('response', ({ statusCode }) => done(matches(this.settings.matcher, statusCode!)))
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

function matches(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return from <= status && status <= to;
  });
}
