import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../api';
import type { Node } from '../cluster';
import type { Scenario, Stage } from '../scenario';
import type { Server } from '../server';
import { seconds, until } from '../waiting';

/** How long a service is away: a Multi-AZ failover of RDS takes a minute, one of ElastiCache less. */
const AWAY = 20_000;

export const restarts: Scenario = {
  number: 5,
  title: 'a data service restarts',
  async run({ cluster, say, expect }) {
    const { postgres, redis, queue } = cluster.parts;
    for (const [name, { server }] of Object.entries({ PostgreSQL: postgres, Redis: redis, RabbitMQ: queue })) {
      await cluster.serve();
      say(`${name} is away for ${seconds(AWAY)} …`);
      await restart({ cluster, say, expect }, name, server);
    }
  },
};

async function restart({ cluster, say, expect }: Stage, name: string, server: Server) {
  const nodes = [...cluster.nodes];
  const watched = nodes.map((node) => new Watch(node));
  await server.stop();
  await sleep(AWAY);
  await server.start();
  const back = performance.now();

  // Each node either answers again or is taken out by its health check, for which ECS replaces it.
  const { interval, timeout, unhealthyThreshold } = cluster.balancing;
  let replaced = 0;
  const settled = (node: Node) => node.target.state === 'unhealthy' || watched[nodes.indexOf(node)].isServing();
  await until(
    'each node serves or is taken out',
    () => nodes.every(settled),
    unhealthyThreshold * interval + timeout + 90_000,
  );
  // A node that answers again must go on doing so, also when the load balancer asks.
  await sleep(2 * interval);
  for (const [index, node] of nodes.entries()) {
    watched[index].stop();
    say(`${node.name}: ${watched[index].summary()}`);
    if (node.target.state === 'healthy') continue;
    replaced += 1;
    cluster.lose(node);
  }
  const stuck = watched.filter((watch) => !watch.isServing()).length;
  expect(
    `${name} is away: what a node answers meanwhile, and after`,
    watched[0].summary(),
    watched.every((watch) => watch.seen.length > 0),
  );
  expect(
    `${name} is back: the health check has those nodes replaced that do not come back, and no others`,
    `${stuck} of ${nodes.length} did not come back, ${replaced} replaced`,
    stuck === replaced,
  );
  await cluster.serve();
  const again = await Api.signIn(cluster).then(
    () => performance.now() - back,
    (error: Error) => error.message,
  );
  expect(
    `${name} is back: the cluster serves`,
    typeof again === 'number'
      ? `signed in ${seconds(Math.max(...watched.map((w) => w.servingSince - back), 0))} after`
      : again,
    typeof again === 'number',
  );
}

/** What a node answers, asked twice a second. */
class Watch {
  public readonly seen: string[] = [];
  public servingSince = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly node: Node) {
    this.timer = setInterval(() => void this.ask(), 500);
  }

  public stop() {
    clearInterval(this.timer);
  }

  public isServing(): boolean {
    return this.seen.at(-1) === 'health 200, API 200';
  }

  public summary(): string {
    return this.seen.join(' → ');
  }

  private async ask() {
    const [health, api] = await Promise.all([this.status('__health_check'), this.status('app:getLang')]);
    const answer = `health ${health}, API ${api}`;
    if (this.seen.at(-1) === answer) return;
    this.seen.push(answer);
    if (this.isServing()) this.servingSince = performance.now();
  }

  private status(path: string): Promise<string> {
    return fetch(`http://127.0.0.1:${this.node.port}/api/${path}`, { signal: AbortSignal.timeout(3000) }).then(
      async (response) => {
        await response.text();
        return String(response.status);
      },
      () => 'none',
    );
  }
}
