import { fleetsOf } from '../../../bin/operations/fleets';
import { withNodes } from '../../../bin/restore/look';
import { comeBack, holdAtZero, holdStrangers, toZero } from '../../../bin/restore/nodes';
import { world } from './fleets-world';

type World = ReturnType<typeof world>;

async function stopped({ context }: World) {
  const fleets = await fleetsOf(context.aws, context.cluster);
  await toZero(context, fleets, new Map(fleets.map(({ service }) => [service, { revision: 7 } as never])));
}

const changesOf = ({ asked }: World) =>
  asked.map(([name]) => name).filter((name) => /^(Tag|Register|Update)/.test(name));

test('all are stopped, all remember, and all come back as they were', async () => {
  const there = world(['web', 'workflows', 'exports']);
  const { services, context } = there;
  const before = structuredClone([...services]);
  await stopped(there);
  expect([...services.values()].map(({ min, max, count }) => [min, max, count])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  // Nothing is taken before everything is remembered.
  expect(changesOf(there).slice(0, 3)).toEqual(['TagResource', 'TagResource', 'TagResource']);
  await comeBack(context);
  expect([...services].map(([name, { min, max, tags }]) => [name, min, max, tags])).toEqual(
    before.map(([name, { min, max }]) => [name, min, max, []]),
  );
  // The bounds raise a count to the least; the one whose least is none gets its own.
  expect([...services.values()].map(({ count, revision }) => [count, revision])).toEqual([
    [1, 7],
    [1, 7],
    [2, 7],
  ]);
});

test('whoever starts a node while the database is being restored starts one of the version before', async () => {
  const there = world(['web', 'workflows']);
  await stopped(there);
  expect([...there.services.values()].map(({ revision }) => revision)).toEqual([7, 7]);
  // And not before the last one of the newer version has gone.
  const changes = there.asked.flatMap(([name, { desiredCount, taskDefinition }]) =>
    name === 'UpdateService' ? [desiredCount ?? taskDefinition] : [],
  );
  expect(changes).toEqual([0, 0, 'arn:td/web:7', 'arn:td/workflows:7']);
});

test('no schedule sets bounds meanwhile, and what was suspended before is so afterwards', async () => {
  const there = world(['web', 'workflows']);
  const { services, context } = there;
  const own = { DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true, ScheduledScalingSuspended: false };
  services.get('workflows')!.suspended = own;
  await stopped(there);
  for (const { suspended } of services.values()) {
    expect(new Set(Object.values(suspended))).toEqual(new Set([true]));
    expect(Object.keys(suspended)).toEqual(Object.keys(own));
  }
  await comeBack(context);
  expect(new Set(Object.values(services.get('web')!.suspended))).toEqual(new Set([false]));
  expect(services.get('workflows')).toMatchObject({ suspended: own, count: 1 });
});

describe('when it goes on', () => {
  test('nodes that somebody has started are stopped again, and a newer revision is taken back', async () => {
    const there = world(['web']);
    await stopped(there);
    const web = there.services.get('web')!;
    Object.assign(web, { min: 1, max: 1, count: 1, revision: 9, running: 9 });
    await holdStrangers(there.context);
    expect(web).toMatchObject({ min: 0, max: 0, count: 0, revision: 7 });
    Object.assign(web, { count: 1, running: 7 });
    await holdAtZero(there.context);
    expect(web.count).toBe(0);
  });

  test('nodes of the version before stay, once the database is restored', async () => {
    const there = world(['web']);
    await stopped(there);
    const web = there.services.get('web')!;
    Object.assign(web, { count: 1, running: 7 });
    await holdStrangers(there.context);
    expect(web.count).toBe(1);
  });

  test('a deployment or maintenance has to be over', async () => {
    const there = world(['web']);
    await stopped(there);
    const before = changesOf(there).length;
    there.state.stack = 'UPDATE_IN_PROGRESS';
    await expect(holdAtZero(there.context)).rejects.toThrow('CloudFormation is at work on the stack Prod');
    there.state.stack = 'UPDATE_COMPLETE';
    there.state.maintenance = 'ENABLED';
    await expect(holdStrangers(there.context)).rejects.toThrow(
      /Maintenance is on.*\n {2}npx cdk-nocobase maintenance end --stack Prod\n.*\n {2}npx cdk-nocobase maintenance end --force --stack Prod/,
    );
    expect(changesOf(there)).toHaveLength(before);
  });
});

describe('nodes that do not get healthy', () => {
  test('are told of after a quarter of an hour', async () => {
    const there = world(['web']);
    await stopped(there);
    there.state.health = 'UNHEALTHY';
    const since = +there.io.now();
    await expect(comeBack(there.context)).rejects.toThrow(
      /nodes of web do not get healthy: none was in 15 minutes\..*\nTheir log says why: aws logs tail logs/,
    );
    expect(+there.io.now() - since).toBeGreaterThanOrEqual(15 * 60_000);
    // The same command goes on.
    there.state.health = 'HEALTHY';
    await comeBack(there.context);
    expect(there.services.get('web')!.tags).toEqual([]);
  });

  test('are told of when several have stopped, not counting those of before', async () => {
    const there = world(['web']);
    await stopped(there);
    Object.assign(there.state, { health: 'UNHEALTHY', stopped: 5 });
    const { io } = there;
    const pause = io.pause.bind(io);
    io.pause = async (milliseconds) => {
      there.state.stopped += 1;
      await pause(milliseconds);
    };
    await expect(comeBack(there.context)).rejects.toThrow('do not get healthy: 3 have stopped.');
  });
});

describe('a cluster without nodes', () => {
  const fleets = async (set: object) => {
    const there = world(['web', 'workflows']);
    Object.assign(there.services.get('web')!, set);
    return { ...there, list: await fleetsOf(there.context.aws, there.context.cluster) };
  };

  test.each([
    ['bounds 0–0, 0 wanted', { min: 0, max: 0, count: 0 }],
    ['bounds 0–4, 0 wanted', { min: 0, max: 4, count: 0 }],
  ])('%s: is asked how many are to come back', async (told, set) => {
    const { context, list } = await fleets(set);
    expect(() => withNodes(context, list)).toThrow(
      `web is to have no nodes today (${told}), and would come back with none.`,
    );
    expect(() => withNodes(context, list)).toThrow('restore --to 2026-03-01T21:14:07Z --nodes 2-4 --stack Prod');
  });

  test('comes back with what is said', async () => {
    const there = await fleets({ min: 0, max: 0, count: 0 });
    const list = withNodes(there.context, there.list, { min: 2, max: 3 });
    await toZero(there.context, list, new Map(list.map(({ service }) => [service, { revision: 7 } as never])));
    await comeBack(there.context);
    expect(there.services.get('web')).toMatchObject({ min: 2, max: 3, count: 2 });
  });
});
