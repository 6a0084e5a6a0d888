import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../api';
import type { Cluster, Node } from '../cluster';
import type { Scenario, Stage } from '../scenario';
import type { Server } from '../server';
import { seconds, until } from '../waiting';

/** How long a service is away: a Multi-AZ failover of RDS takes a minute, one of ElastiCache less. */
const AWAY = 20_000;

/** Whether nodes go on without it. Redis takes NocoBase's process along, whose next start fails and is not repeated. */
const SURVIVED = { PostgreSQL: true, Redis: false, RabbitMQ: true };

export const restarts: Scenario = {
  number: 5,
  title: 'a data service restarts',
  async run({ cluster, say, expect }) {
    const { postgres, redis, queue } = cluster.parts;
    const parts = { PostgreSQL: postgres, Redis: redis, RabbitMQ: queue };
    for (const name of Object.keys(SURVIVED) as (keyof typeof SURVIVED)[]) {
      const nodes = await cluster.serve();
      // A node that has just started may ask to be replaced when it loses its database.
      const hasStarted = ({ container }: Node) => container.lines.some((line) => line.includes('NocoBase is healthy'));
      await until('the launchers know of it', () => nodes.every(hasStarted));
      say(`${name} is away for ${seconds(AWAY)} …`);
      await restart({ cluster, say, expect }, name, parts[name].server);
    }
  },
};

async function restart({ cluster, say, expect }: Stage, name: keyof typeof SURVIVED, server: Server) {
  const watches = new Map(cluster.nodes.map((node) => [node, new Watch(node, cluster.publicPath)]));
  await server.stop();
  await sleep(AWAY);
  await server.start();
  const back = performance.now();
  const replaced: Node[] = [];
  let innocent = 0;
  let serves: number | undefined;
  await until(`the cluster serves after ${name} was away`, async () => {
    // What ECS does with those that the load balancer finds unhealthy.
    for (const [node, watch] of watches) {
      if (replaced.includes(node) || node.target.state !== 'unhealthy') continue;
      say(`${node.name} is replaced; it answered ${watch.summary()}`);
      replaced.push(node);
      if (watch.isServing()) innocent += 1;
      cluster.lose(node);
      await cluster.startNode();
    }
    if (serves === undefined && (await canSignIn(cluster))) serves = performance.now() - back;
    const isWell = (node: Node) => node.target.state === 'healthy' && (watches.get(node)?.isServing() ?? true);
    return serves !== undefined && cluster.nodes.every(isWell);
  });
  for (const watch of watches.values()) watch.stop();
  expect(
    `${name} is away for ${seconds(AWAY)}: what a node answers`,
    [...watches.values()][0].summary(),
    [...watches.values()].every(({ seen }) => seen.length > 0),
  );
  expect(
    SURVIVED[name]
      ? `${name} is back: no node has to be replaced`
      : `${name} is back: the health check has had those nodes replaced that do not come back, and no others`,
    `${replaced.length} of ${watches.size} replaced, ${innocent} of them without need`,
    SURVIVED[name] ? replaced.length === 0 : innocent === 0,
  );
  expect(`${name} is back: the cluster serves again`, `${seconds(serves!)} after`, true);
}

function canSignIn(cluster: Cluster): Promise<boolean> {
  return Api.signIn(cluster).then(
    () => true,
    () => false,
  );
}

/** What a node answers, asked twice a second. */
class Watch {
  public readonly seen: string[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly node: Node,
    private readonly publicPath: string,
  ) {
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
    if (this.seen.at(-1) !== answer) this.seen.push(answer);
  }

  private status(path: string): Promise<string> {
    const url = `http://127.0.0.1:${this.node.port}${this.publicPath}api/${path}`;
    return fetch(url, { signal: AbortSignal.timeout(3000) }).then(
      async (response) => {
        await response.text();
        return String(response.status);
      },
      () => 'none',
    );
  }
}
