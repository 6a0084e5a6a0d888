import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from '../api';
import type { Node } from '../cluster';
import type { Scenario } from '../scenario';
import { Upgrading } from '../upgrading';
import { PLUGIN, packedPlugin } from '../uploaded-plugin';
import { seconds, until } from '../waiting';

/** Ten minutes, by the tenth that all times are. */
const COMMAND = 60_000;

/** A tenth of the container check's interval. */
const INTERVAL = 1500;

export const maintenance: Scenario = {
  number: 16,
  title: 'maintenance: a plug-in is installed on one node, then all have it',
  async run(stage) {
    const { cluster, say, expect } = stage;
    const upgrading = await Upgrading.of(stage, 2);
    const { service } = upgrading;
    const { revision } = service.now;
    // Whom nothing but the maintenance protects.
    service.age();
    await upgrading.watch();

    say('Maintenance begins: one node, and 503 is healthy to the load balancer …');
    service.balancing.matcher = '200,503';
    service.scale(1);
    await service.settled();
    const [task] = service.running;
    const node = task.node!;
    const started = service.tasks.length;

    say(`A plug-in is uploaded and enabled, which takes ${seconds(COMMAND)} …`);
    const api = await Api.signIn(service);
    const folder = path.join(cluster.options.folder, 'plugin');
    await api.uploadPlugin(packedPlugin(folder, COMMAND / 1000));
    fs.rmSync(folder, { recursive: true });
    const isThere = () => fs.existsSync(path.join(cluster.storage, 'plugins', PLUGIN, 'package.json'));
    await until('the plug-in is in the shared storage', isThere);
    await until(
      'NocoBase is ready for the next command',
      async () => (await answerOf(node, service.balancing.path)) === '200',
    );
    await api.post(`pm:enable?filterByTk=${encodeURIComponent(PLUGIN)}`, {});
    const { commanding, checks } = await command(node, service.balancing.path);
    expect(
      'the health path answers 503 APP_COMMANDING as long as the command runs',
      seconds(commanding),
      commanding > COMMAND * 0.9,
    );
    expect(
      "the container's own check passes all the time",
      `${checks.length} checks, ${checks.filter((code) => code !== 0).length} failed`,
      checks.length > 8 && checks.every((code) => code === 0),
    );
    expect(
      'nothing is replaced, and no second node starts',
      `${service.tasks.length - started} started; the node ${node.container.isRunning ? 'runs' : 'has ended'}`,
      service.tasks.length === started && node.container.isRunning && !task.isStopping,
    );

    say('Maintenance ends, and the cluster grows to three nodes …');
    service.balancing.matcher = cluster.balancing.matcher;
    service.scale(3);
    const took = await service.settled();
    await upgrading.judge('maintenance', undefined, ['applicationPlugins']);
    const later = service.tasks.slice(started);
    expect(
      'no upgrade starts: the others join',
      `${seconds(took)}; ${later.filter((each) => each.hasSaid('nothing to install or upgrade')).length} of ${later.length} joined`,
      later.every((each) => each.revision === revision && each.hasSaid('nothing to install or upgrade')) &&
        later.length === 2,
    );
    const answers = await Promise.all(
      service.running.map((each) =>
        api
          .at(each.node!.port)
          .get('maintained:show')
          .catch((error: Error) => error.message),
      ),
    );
    expect(
      'all nodes have the plug-in',
      answers.join(', '),
      answers.every((answer) => answer === 'it is there'),
    );
  },
};

/** Until NocoBase is healthy again. @returns how long it said that it runs a command, and what the container's check said */
async function command(node: Node, path: string): Promise<{ commanding: number; checks: (number | null)[] }> {
  const checks: (number | null)[] = [];
  let isOver = false;
  const checking = (async () => {
    while (!isOver) {
      checks.push(await containerCheck(node));
      await sleep(INTERVAL);
    }
  })();
  await until('the command runs', async () => (await answerOf(node, path)) === '503 APP_COMMANDING');
  const commanding = await until(
    'the command has ended',
    async () => (await answerOf(node, path)) !== '503 APP_COMMANDING',
  );
  isOver = true;
  await checking;
  await until('NocoBase is healthy again', async () => (await answerOf(node, path)) === '200');
  return { commanding, checks };
}

async function answerOf({ port }: Node, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) }).catch(
    () => undefined,
  );
  if (response === undefined) return 'none';
  const [code] = /APP_[A-Z_]+|COMMAND_[A-Z]+/.exec(await response.text()) ?? [];
  return [response.status, code].filter(Boolean).join(' ');
}

/** What ECS runs in the container, see HEALTH_CHECK_COMMAND. */
function containerCheck({ container: { environment } }: Node): Promise<number | null> {
  const child = spawn(process.execPath, [path.join(environment.LAUNCHER_HOME, 'check.js')], {
    env: { ...environment },
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
}
