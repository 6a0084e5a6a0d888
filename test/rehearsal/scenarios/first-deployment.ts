import type { Cluster, Node } from '../cluster';
import { difference, type RowCounts } from '../database';
import type { Scenario, Stage } from '../scenario';
import { seconds, until } from '../waiting';

const NODES = 3;

/** How far a first installation gets before its node is killed: so many tables, or all but the end. */
const KILLED_AT = [1, 30, 80];

export const firstDeployment: Scenario = {
  number: 1,
  title: 'first deployment',
  async run(stage) {
    const reference = await singleNode(stage);
    await inOrder(stage, reference);
    await atOnce(stage, reference);
    await withoutLock(stage, reference);
    for (const tables of KILLED_AT) await killed(stage, reference, tables);
  },
};

/** What the image's own command makes, undisturbed; and again after a second start, which writes down its migrations. */
interface Reference {
  readonly installed: RowCounts;
  readonly startedAgain: RowCounts;
}

async function singleNode({ cluster, say, expect }: Stage): Promise<Reference> {
  say("One node with the image's own command, as the measure …");
  await cluster.reset();
  const first = await cluster.startNode({ stock: true });
  const took = await cluster.healthy(first);
  const installed = await cluster.database.rowCounts();
  cluster.lose(first);
  await cluster.healthy(await cluster.startNode({ stock: true }));
  const startedAgain = await cluster.database.rowCounts();
  expect(
    "one node with the image's own command gets healthy",
    `${seconds(took)}, ${installed.size} tables`,
    installed.size > 0,
  );
  return { installed, startedAgain };
}

/** Each after the one before it. */
const ORDER = [
  'AWS::RDS::DBInstance',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::AmazonMQ::Broker',
  'AWS::EFS::MountTarget',
].map((data) => [data, 'AWS::ECS::Service', 'AWS::ApplicationAutoScaling::ScalableTarget']);

async function inOrder({ cluster, say, expect }: Stage, { installed }: Reference) {
  const { assembly, settings } = cluster;
  const isInOrder = ORDER.every(
    ([data, nodes, more]) => assembly.waitsFor(nodes, data) && assembly.waitsFor(more, nodes),
  );
  expect(
    'the template has the data services first, then one node, then more',
    `${isInOrder ? 'in this order' : 'in another order'}, ${settings.firstNodes} at first, then ${settings.minNodes} to ${settings.maxNodes}`,
    isInOrder && settings.firstNodes === 1,
  );
  say('One node, then the others, as a new service has them …');
  await cluster.reset();
  const first = await cluster.startNode();
  const alone = await cluster.healthy(first);
  const others = await Promise.all(Array.from({ length: NODES - 1 }, () => cluster.startNode()));
  const together = await cluster.healthy(...others);
  expect(
    `one node, then ${NODES - 1}: all healthy, one has installed`,
    `${seconds(alone)} + ${seconds(together)}, ${installers(cluster)} installed`,
    installers(cluster) === 1,
  );
  await expectClean({ cluster, expect }, 'one node, then the others', installed);
}

async function atOnce({ cluster, say, expect }: Stage, { installed }: Reference) {
  say(`All ${NODES} nodes at the same moment …`);
  await cluster.reset();
  const nodes = await Promise.all(Array.from({ length: NODES }, () => cluster.startNode()));
  const took = await cluster.healthy(...nodes);
  expect(
    `${NODES} nodes at once: all healthy, one has installed`,
    `${seconds(took)}, ${installers(cluster)} installed`,
    installers(cluster) === 1,
  );
  await expectClean({ cluster, expect }, `${NODES} nodes at once`, installed);
}

/** What the boot lock is for. */
async function withoutLock({ cluster, say, expect }: Stage, { installed }: Reference) {
  say(`All ${NODES} nodes at once with the image's own command, which has no lock …`);
  await cluster.reset();
  const nodes = await Promise.all(Array.from({ length: NODES }, () => cluster.startNode({ stock: true })));
  const hasDecided = async (node: Node) =>
    node.target.state === 'healthy' || (await failsForEver(node, cluster.balancing.path));
  await until('every node healthy or failed', async () => (await Promise.all(nodes.map(hasDecided))).every(Boolean));
  const healthy = nodes.filter(({ target }) => target.state === 'healthy').length;
  const damage = difference(await cluster.database.rowCounts(), installed);
  expect(
    'the same without the boot lock goes wrong',
    `${healthy} of ${NODES} healthy; ${damage ? `rows: ${damage}` : 'every row as it should be'}`,
    healthy < NODES || damage !== '',
  );
}

async function killed({ cluster, say, expect }: Stage, { installed, startedAgain }: Reference, tables: number) {
  say(`A first start is killed at ${tables} tables; another follows …`);
  await cluster.reset();
  const first = await cluster.startNode();
  await until(`${tables} tables`, async () => (await cluster.database.tables()).length >= tables);
  cluster.lose(first);
  await first.container.ended;
  const left = (await cluster.database.tables()).length;
  const took = await cluster.healthy(await cluster.startNode());
  const counts = await cluster.database.rowCounts();
  const isClean = [installed, startedAgain].some((expected) => difference(counts, expected) === '');
  expect(
    `killed at ${tables} tables, the next start leaves a clean installation`,
    `${seconds(took)} from ${left} tables; ${difference(counts, installed) || 'all rows alike'}`,
    isClean,
  );
}

/** What went through all of its retries. */
async function failsForEver({ port, container }: Node, path: string): Promise<boolean> {
  if (!container.isRunning) return true;
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  return response?.status === 503 && (await response.text()).includes('APP_ERROR');
}

function installers({ nodes }: Cluster): number {
  return nodes.filter(({ container }) => container.lines.some((line) => line.includes('installs NocoBase'))).length;
}

async function expectClean({ cluster, expect }: Pick<Stage, 'cluster' | 'expect'>, what: string, expected: RowCounts) {
  const differing = difference(await cluster.database.rowCounts(), expected);
  expect(`${what}: every table's rows as of a single node`, differing || `${expected.size} tables alike`, !differing);
  const errors = cluster.nodes.flatMap(({ container }) => container.errors());
  expect(`${what}: no error in the logs`, errors[0] ?? 'none', errors.length === 0);
}
