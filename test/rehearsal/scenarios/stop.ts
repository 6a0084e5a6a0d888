import { setTimeout as sleep } from 'node:timers/promises';
import { failures, Load, summary } from '../load';
import type { Scenario, Stage } from '../scenario';
import { seconds, until } from '../waiting';

export const stop: Scenario = {
  number: 3,
  title: 'a node stops',
  async run(stage) {
    await byEcs(stage);
    await byItself(stage);
  },
};

async function byEcs({ cluster, say, expect }: Stage) {
  const [first] = await cluster.serve();
  const load = await Load.begin(cluster);
  say(`${first.name} is stopped the ECS way, under load …`);
  const began = performance.now();
  // The load balancer gives one to each node.
  const uploads = [load.upload(8000), load.upload(8000)];
  const [code, took] = await cluster.stopNode(first).then((ended) => [ended, performance.now() - began]);
  await sleep(2000);
  const answers = await load.stop();
  const uploaded = (await Promise.all(uploads)).filter((problem) => problem === undefined).length;
  expect('stopped the ECS way under load: no request fails', summary(answers), failures(answers).length === 0);
  expect('uploads of 8 s that began before are taken', `${uploaded} of ${uploads.length}`, uploaded === uploads.length);
  expect(
    `it ends by itself before ECS would kill it after ${seconds(cluster.settings.stopTimeout)}`,
    `exit code ${code} after ${seconds(took!)}`,
    code === 0,
  );
}

/** Its process hangs: the health check gets no answer. */
async function byItself({ cluster, say, expect }: Stage) {
  const [first] = await cluster.serve();
  const load = await Load.begin(cluster);
  say(`${first.name} hangs, under load; its watchdog is to end it …`);
  const began = performance.now();
  first.container.hang();
  await until('the load balancer has noticed', () => first.target.state === 'unhealthy');
  const noticed = performance.now();
  await until('the watchdog ends the node', () => !first.container.isRunning);
  const ended = performance.now();
  const said = first.container.lines.find((line) => line.includes('stops: ')) ?? 'nothing';
  await sleep(2000);
  const answers = await load.stop();
  cluster.lose(first);
  expect(
    'a node that hangs is out of the load balancer before its watchdog ends it',
    `out after ${seconds(noticed - began)}, ended after ${seconds(ended - began)} (${said.replace('[launcher] ', '')})`,
    noticed < ended && said.includes('has not been healthy'),
  );
  const before = answers.filter(({ at }) => at < noticed);
  const after = answers.filter(({ at }) => at >= noticed);
  expect(
    `while it hangs and is in: no more requests fail than it gets of ${cluster.settings.minNodes} nodes`,
    summary(before),
    failures(before).length / before.length < 1.2 / cluster.settings.minNodes,
  );
  expect('once it is out, and when it ends: no request fails', summary(after), failures(after).length === 0);
}
