import type { Cluster } from './cluster';
import { Service } from './service';
import type { Revision, Task } from './task';
import { until } from './waiting';

const DEPLOYMENT = { MinimumHealthyPercent: 100, MaximumPercent: 200 };
const [OLD, NEW] = ['2.2.15', '2.2.16'].map((version) => ({ version, generation: version, app: '', environment: {} }));

let service: Service;

/** A service whose nodes are healthy when a test says so. */
async function serviceOf(percentages: object = DEPLOYMENT): Promise<Service> {
  let started = 0;
  const settings = { DeploymentConfiguration: percentages, HealthCheckGracePeriodSeconds: 60 };
  const cluster = {
    assembly: { only: () => settings },
    balancing: { interval: 5000 },
    options: { say: () => {} },
    startNode: async () => {
      started += 1;
      const container = { isRunning: true, hasSaid: () => false };
      return { name: `node${started}`, container, target: { state: 'initial' } };
    },
    stopNode: async ({ container }: any) => {
      container.isRunning = false;
      return 0;
    },
    lose: () => {},
  };
  service = await Service.start(cluster as unknown as Cluster);
  return service;
}

async function nodes(revision: Revision, count: number): Promise<Task[]> {
  await until(`${count} nodes of revision ${revision.number}`, () => {
    const found = service.of(revision);
    return found.length === count && found.every(({ node }) => node !== undefined);
  });
  return service.of(revision);
}

const turn = (tasks: readonly Task[], state: string) => {
  for (const { node } of tasks) Object.assign(node!.target, { state });
};
const end = ({ node }: Task) => Object.assign(node!.container, { isRunning: false });
const looks = (count: number) => {
  let seen = 0;
  service.onLook = () => {
    seen += 1;
  };
  return until(`${count} looks`, () => seen >= count);
};

/** A service in the middle of a deployment: two nodes of each revision, those before healthy. */
async function inTheMiddle(): Promise<{ before: Revision; after: Revision }> {
  await serviceOf();
  const { revision: before } = service.deploy(OLD);
  service.scale(2);
  turn(await nodes(before, 2), 'healthy');
  await service.settled();
  const { revision: after } = service.deploy(NEW);
  await nodes(after, 2);
  return { before, after };
}

afterEach(() => service.end());

test('nodes before end one by one, as new ones get healthy', async () => {
  const { before, after } = await inTheMiddle();
  await looks(3);
  expect(service.of(before)).toHaveLength(2);
  turn(service.of(after).slice(0, 1), 'healthy');
  await nodes(before, 1);
  await looks(3);
  expect(service.of(before)).toHaveLength(1);
  turn(service.of(after), 'healthy');
  await service.settled();
  expect(service.now).toMatchObject({ revision: after, state: 'completed' });
});

test('a node before that ends by itself is replaced by one of its own revision', async () => {
  const { before } = await inTheMiddle();
  const [gone] = service.of(before);
  end(gone);
  await until('it is replaced', () => !service.of(before).includes(gone));
  expect(await nodes(before, 2)).not.toContain(gone);
});

test('both revisions grow', async () => {
  const { before, after } = await inTheMiddle();
  service.scale(3);
  await nodes(before, 3);
  await nodes(after, 3);
});

test('there are never more than the maximum', async () => {
  const { before, after } = await inTheMiddle();
  service.configuration = { ...service.configuration, maximumPercent: 150 };
  service.of(after).forEach(end);
  await nodes(after, 1);
  await looks(3);
  expect([service.of(before).length, service.of(after).length]).toEqual([2, 1]);
});

test('after three nodes that ended before they were healthy, it goes back', async () => {
  const { before, after } = await inTheMiddle();
  for (let failure = 1; failure <= 3; failure++) {
    const [failing] = await nodes(after, 2);
    end(failing);
    await until('it is noticed', () => !service.of(after).includes(failing));
  }
  await service.settled();
  expect(service.deployments.map(({ state }) => state)).toEqual(['completed', 'failed', 'completed']);
  expect(service.now.revision).toBe(before);
});

test('of a deployment that another one follows nothing is kept, and of the nodes before all is', async () => {
  const { before, after } = await inTheMiddle();
  const last = service.deploy({ ...NEW, version: '2.2.17' }).revision;
  await nodes(last, 2);
  expect([service.of(before).length, service.of(after).length]).toEqual([2, 0]);
});

test('an unhealthy node is replaced when its grace is over, and not before', async () => {
  const { before } = await inTheMiddle();
  const old = service.of(before);
  turn(old, 'unhealthy');
  await looks(3);
  expect(service.of(before)).toEqual(old);
  service.age();
  await until('they are replaced', () => service.of(before).every((task) => !old.includes(task)));
});

test('where none may be beside another, the one before ends first', async () => {
  await serviceOf({ MinimumHealthyPercent: 0, MaximumPercent: 100 });
  const { revision: before } = service.deploy(OLD);
  service.scale(1);
  turn(await nodes(before, 1), 'healthy');
  await service.settled();
  const { revision: after } = service.deploy(NEW);
  await nodes(after, 1);
  expect(service.of(before)).toEqual([]);
});
