import type { Cluster } from './cluster';
import type { Finding } from './report';

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(0)} s`;

/** One node installs, as a new service has it; when it is healthy, scaling brings the others at once. */
export async function firstDeployment(cluster: Cluster): Promise<Finding[]> {
  const scenario = 'first deployment';
  const began = performance.now();
  const first = await cluster.startNode('node1');
  await first.container.says('NocoBase is healthy');
  const installed = seconds(began);

  const scaled = performance.now();
  const others = ['node2', 'node3'].slice(0, cluster.settings.maxNodes - 1);
  const started = await Promise.all(others.map((name) => cluster.startNode(name)));
  await Promise.all(started.map(({ container }) => container.says('NocoBase is healthy')));
  const serving = seconds(scaled);

  const [{ settings }] = await cluster.query('SELECT count(*)::int AS settings FROM "systemSettings"');
  const [{ roles }] = await cluster.query('SELECT count(*)::int AS roles FROM roles');
  const installers = cluster.nodes.filter(({ container }) =>
    container.lines.some((line) => line.includes('installs NocoBase')),
  );
  return [
    {
      scenario,
      expectation: 'one node installs, and gets healthy',
      measured: installed,
      isGood: installers.length === 1,
    },
    { scenario, expectation: 'the others start beside it', measured: serving, isGood: true },
    {
      scenario,
      expectation: 'what is installed once is there once',
      measured: `${settings} row of settings, ${roles} roles`,
      isGood: settings === 1 && roles > 0,
    },
  ];
}
