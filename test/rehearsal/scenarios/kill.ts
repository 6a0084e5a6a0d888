import { setTimeout as sleep } from 'node:timers/promises';
import { failures, Load, summary } from '../load';
import type { Scenario } from '../scenario';
import { seconds, until } from '../waiting';

export const kill: Scenario = {
  number: 4,
  title: 'a node is killed',
  async run({ cluster, say, expect }) {
    const [first] = await cluster.serve();
    const { interval, timeout, unhealthyThreshold } = cluster.balancing;
    const load = await Load.begin(cluster);
    say(`${first.name} is killed with -9, under load …`);
    const began = performance.now();
    first.container.kill();
    await until('the load balancer has noticed', () => first.target.state === 'unhealthy');
    await sleep(3000);
    const answers = await load.stop();
    cluster.lose(first);

    const [shortest, longest] = [(unhealthyThreshold - 1) * interval, unhealthyThreshold * interval + timeout];
    const took = first.target.lastRequestAt - began;
    expect(
      `the load balancer stops sending within ${seconds(shortest)} to ${seconds(longest)}, as the target group says`,
      seconds(took),
      // The last request is a moment before the last check, and of the load's rhythm.
      took > shortest - 1000 && took < longest + 1000,
    );
    const before = answers.filter(({ at }) => at < first.target.lastRequestAt);
    const after = answers.filter(({ at }) => at > first.target.lastRequestAt);
    const share = failures(before).length / before.length;
    expect(
      `until then no more requests fail than it gets of ${cluster.settings.minNodes} nodes`,
      summary(before),
      share < 1.2 / cluster.settings.minNodes,
    );
    expect('from then on no request fails', summary(after), after.length > 0 && failures(after).length === 0);

    say('Another takes its place …');
    const next = await cluster.startNode();
    expect('the node in its place gets healthy', seconds(await cluster.healthy(next)), true);
  },
};
