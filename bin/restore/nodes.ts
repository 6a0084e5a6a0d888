import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { TagResourceCommand, UntagResourceCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { type Fleet, fleetsOf, SUSPENSIONS, type Suspension, tasksOf } from '../operations/fleets';
import { written } from '../operations/point';
import { partsOf, type Revision } from '../operations/revisions';
import { until } from '../operations/terminal';
import { checkQuiet } from './checks';
import type { Context } from './context';
import { untilHealthy } from './health';
import { BEFORE, type Memory, memoryOf, remembered } from './marks';
import { usable } from './task-definitions';

/** Which revision the nodes of a service come back with. */
export type Targets = ReadonlyMap<string, Revision>;

/** Remembers how all services are, and only then takes their nodes. */
export async function toZero(context: Context, fleets: readonly Fleet[], targets: Targets) {
  const { aws, point } = context;
  const revisions = new Map<string, number>();
  for (const { arn, service, bounds, suspended, desired, tags } of fleets) {
    const memory = memoryOf(tags);
    const revision = memory?.revision ?? targets.get(service)!.revision;
    revisions.set(service, revision);
    if (memory !== undefined) continue;
    const value = remembered({ to: written(point), bounds, suspended, count: desired, revision });
    await aws.ecs.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key: BEFORE, value }] }));
  }
  await hold(context, fleets, revisions);
}

/** Whatever somebody has started since. Nothing happens to a database beside a deployment, or in maintenance. */
export async function holdAtZero(context: Context) {
  await checkQuiet(context);
  const fleets = await waitingOf(context);
  await hold(context, fleets, new Map(fleets.map(({ service, memory }) => [service, memory.revision])));
}

/** Nodes of the version before may run on the restored database, others may not. */
export async function holdStrangers(context: Context) {
  await checkQuiet(context);
  const { aws, cluster } = context;
  for (const { service, taskDefinition, memory } of await waitingOf(context)) {
    const target = await usable(context, taskDefinition, memory.revision);
    const tasks = await tasksOf(aws, cluster.ecsCluster, service);
    if (taskDefinition !== target || tasks.some(({ taskDefinitionArn }) => taskDefinitionArn !== target)) {
      return holdAtZero(context);
    }
  }
}

/**
 * Nodes to zero, and every service at its old revision as soon as there are none: who starts a node from then on, a
 * scheduled action or a person, starts one that fits the database to come. A deployment of no nodes cannot fail.
 */
async function hold(context: Context, fleets: readonly Fleet[], revisions: ReadonlyMap<string, number>) {
  const { aws, io, cluster } = context;
  const every = Object.keys(SUSPENSIONS) as Suspension[];
  for (const { resourceId, bounds, suspended, service, desired } of fleets) {
    if (bounds && (bounds.min > 0 || bounds.max > 0 || suspended.length < every.length)) {
      await register(context, resourceId, { min: 0, max: 0 }, every);
    }
    if (desired > 0) {
      await aws.ecs.send(new UpdateServiceCommand({ cluster: cluster.ecsCluster, service, desiredCount: 0 }));
    }
  }
  await until(io, async () => {
    const left = [];
    for (const { service } of fleets) {
      const tasks = await tasksOf(aws, cluster.ecsCluster, service);
      if (tasks.length > 0) left.push(`${service} has ${tasks.length}`);
    }
    const running = (await fleetsOf(aws, cluster)).reduce((sum, fleet) => sum + fleet.running + fleet.pending, 0);
    const isDone = left.length === 0 && running === 0;
    return isDone
      ? { seen: 'no node runs any more', done: true }
      : { seen: `nodes are being stopped: ${left.join(', ') || `${running} left`}` };
  });
  for (const { service, taskDefinition } of fleets) {
    const target = await usable(context, taskDefinition, revisions.get(service)!);
    if (target === taskDefinition) continue;
    io.say(`  ${service} gets revision ${partsOf(target).revision}`);
    await aws.ecs.send(new UpdateServiceCommand({ cluster: cluster.ecsCluster, service, taskDefinition: target }));
  }
  await untilTakenOver(context);
}

/** Else it would be a deployment of the nodes to come, which ECS may roll back to the newer version. */
async function untilTakenOver({ aws, io, cluster }: Context) {
  await until(io, async () => {
    const waiting = (await fleetsOf(aws, cluster)).filter(
      ({ desired, deployments }) =>
        desired === 0 && deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS'),
    );
    return waiting.length === 0
      ? { seen: 'the services are at the version before', done: true }
      : { seen: `ECS takes over the revision of ${waiting.map(({ service }) => service).join(', ')}` };
  });
}

/** As many nodes as there were. */
export async function comeBack(context: Context) {
  const { aws, cluster } = context;
  await holdStrangers(context);
  await untilTakenOver(context);
  const fleets = await waitingOf(context);
  for (const { resourceId, service, memory } of fleets) {
    const { bounds, suspended, count } = memory;
    if (bounds) await register(context, resourceId, bounds, suspended);
    // Application Auto Scaling raises the count to the least, and no further; if it is to raise none, nobody does.
    if (!bounds?.min || suspended.includes('out')) {
      const desiredCount = bounds?.min || count;
      await aws.ecs.send(new UpdateServiceCommand({ cluster: cluster.ecsCluster, service, desiredCount }));
    }
  }
  await untilHealthy(context);
  for (const { arn } of fleets) {
    await aws.ecs.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: [BEFORE] }));
  }
}

/** Those that have not come back. */
async function waitingOf({ aws, cluster }: Context): Promise<(Fleet & { readonly memory: Memory })[]> {
  return (await fleetsOf(aws, cluster)).flatMap((fleet) => {
    const memory = memoryOf(fleet.tags);
    return memory === undefined ? [] : [{ ...fleet, memory }];
  });
}

async function register(
  { aws }: Context,
  resourceId: string,
  { min, max }: { readonly min: number; readonly max: number },
  suspended: readonly Suspension[],
) {
  const states = Object.entries(SUSPENSIONS).map(([each, state]) => [state, suspended.includes(each as Suspension)]);
  await aws.scaling.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: resourceId,
      MinCapacity: min,
      MaxCapacity: max,
      SuspendedState: Object.fromEntries(states),
    }),
  );
}
