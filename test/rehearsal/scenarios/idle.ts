import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadBalancer } from '../load-balancer';
import { moduleOf } from '../nocobase';
import type { Scenario, Stage } from '../scenario';
import { seconds } from '../waiting';

/** Minutes become seconds; what counts is which time is longer. */
const SCALE = 1 / 36;
const PATH = 'api/app:getLang?locale=en-US';
/** How often NocoBase's client in the browser pings over its WebSocket. */
const PING = 300_000;
/** Connections that fall silent, each to be used again at another moment around the end of a silence. */
const CONNECTIONS = 150;
const BEFORE = 20;
const APART = 0.2;

export const idle: Scenario = {
  number: 9,
  title: 'silent connections',
  async run(stage) {
    const { cluster, say, expect } = stage;
    const keepAlive = Number(cluster.environment.LAUNCHER_KEEP_ALIVE) * 1000;
    const { idleTimeout } = cluster.balancing;
    const path = `${cluster.publicPath}${PATH}`;
    const scaled = idleTimeout * SCALE;
    const balancer = new LoadBalancer({ ...cluster.balancing, idleTimeout: scaled });
    await balancer.start();
    say(`A node with the times of the template, seconds for minutes …`);
    const node = await cluster.startNode({
      balancer,
      environment: { LAUNCHER_KEEP_ALIVE: String((keepAlive * SCALE) / 1000) },
    });
    await cluster.healthy(node);
    const kept = await silenceOf(node.port, path);
    expect(
      `the load balancer gives up a silent connection first (after ${seconds(idleTimeout)}, here ${seconds(scaled)})`,
      `the node after ${seconds(kept)}`,
      kept > scaled,
    );
    const failed = await afterSilence(`${balancer.url}${path}`, scaled);
    expect('requests at the end of that silence: no 502', `${failed} of ${CONNECTIONS} failed`, failed === 0);
    await webSocket(stage, balancer);
    cluster.lose(node);

    say("The same with NocoBase's own time …");
    const other = await cluster.startNode({ balancer, environment: { LAUNCHER_KEEP_ALIVE: '' } });
    await cluster.healthy(other);
    const own = await silenceOf(other.port, path);
    const without = await afterSilence(`${balancer.url}${path}`, own);
    expect(
      "by NocoBase's own time the node gives up first, and a request may be on its way by then",
      `the node after ${seconds(own)}; ${without} of ${CONNECTIONS} failed`,
      own < scaled,
    );
    cluster.lose(other);
    balancer.stop();
  },
};

/** How long a node keeps a silent connection. */
function silenceOf(port: number, path: string): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  agent.keepSocketAlive = () => true;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent }, (response) => {
      const { socket } = response;
      let answered = 0;
      socket.on('close', () => resolve(performance.now() - answered));
      response.resume();
      response.on('end', () => {
        answered = performance.now();
      });
    });
    asked.on('error', reject).end();
  });
}

/** Requests over connections of the load balancer that were silent for about so long. @returns how many failed */
async function afterSilence(url: string, silence: number): Promise<number> {
  // All at once, so that the load balancer needs a connection for each.
  await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(url)));
  const again = Array.from({ length: CONNECTIONS }, (_, i) => silence - BEFORE + i * APART);
  const statuses = await Promise.all(again.map((pause) => sleep(pause).then(() => ask(url))));
  return statuses.filter((status) => status !== 200).length;
}

/** A user's own connection is new: browsers try again by themselves when theirs was closed. */
function ask(url: string): Promise<number> {
  return new Promise((resolve) => {
    request(url, { agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    })
      .on('error', () => resolve(0))
      .end();
  });
}

async function webSocket({ cluster, say, expect }: Stage, balancer: LoadBalancer) {
  const WebSocket = moduleOf(cluster.app, 'ws');
  const socket = new WebSocket(`${balancer.url.replace('http', 'ws')}${cluster.publicPath}ws`);
  const closed = new Promise<string>((resolve) => {
    socket.on('close', (code: number) => resolve(`cut, code ${code}`));
    socket.on('error', (error: Error) => resolve(error.message));
  });
  await Promise.race([new Promise((resolve) => socket.on('open', resolve)), closed]);
  const ping = PING * SCALE;
  say(`A WebSocket that says something every ${seconds(ping)} …`);
  const timer = setInterval(() => socket.send('ping'), ping);
  const outcome = await Promise.race([closed, sleep(ping * 4.5, 'open')]);
  clearInterval(timer);
  socket.terminate();
  expect(
    `a WebSocket that pings every ${seconds(PING)} (scaled to ${seconds(ping)}) stays open`,
    `${outcome} after ${seconds(ping * 4.5)}`,
    outcome === 'open',
  );
}
