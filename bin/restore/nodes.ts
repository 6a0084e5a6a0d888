import { RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  RegisterTaskDefinitionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { Refusal } from '../import-keys/refusal';
import { type Fleet, fleetsOf, tasksOf } from '../operations/fleets';
import { written } from '../operations/point';
import { partsOf, type Revision, revisionOf, revisionsOf } from '../operations/revisions';
import { until } from '../operations/terminal';
import type { Context } from './context';
import { BEFORE, COPY_OF, type Memory, memoryOf, remembered } from './marks';

/** Which revision the nodes of a service come back with. */
export type Targets = ReadonlyMap<string, Revision>;

/** Remembers how all services are, and only then takes their nodes. */
export async function toZero(context: Context, fleets: readonly Fleet[], targets: Targets) {
  const { aws, io, cluster, point } = context;
  for (const { arn, service, bounds, desired, tags } of fleets) {
    if (memoryOf(tags) !== undefined) continue;
    const { revision } = targets.get(service)!;
    const value = remembered({ to: written(point), bounds, count: desired, revision });
    await aws.ecs.send(new TagResourceCommand({ resourceArn: arn, tags: [{ key: BEFORE, value }] }));
  }
  for (const { resourceId, bounds, service, desired } of fleets) {
    if (bounds && (bounds.min > 0 || bounds.max > 0)) await register(context, resourceId, { min: 0, max: 0 });
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
}

/** Each service at its old revision first, at zero nodes: what is a deployment of none cannot fail and be rolled back. */
export async function comeBack(context: Context) {
  const { aws, io, cluster } = context;
  const before = await fleetsOf(aws, cluster);
  for (const { service, tags, taskDefinition } of before) {
    const memory = memoryOf(tags);
    if (memory === undefined) continue;
    const target = await usable(context, taskDefinition, memory);
    if (target !== taskDefinition) {
      io.say(`  ${service} gets revision ${partsOf(target).revision}`);
      await aws.ecs.send(new UpdateServiceCommand({ cluster: cluster.ecsCluster, service, taskDefinition: target }));
    }
  }
  await until(io, async () => {
    const waiting = (await fleetsOf(aws, cluster)).filter(
      ({ tags, deployments, desired }) =>
        memoryOf(tags) && desired === 0 && deployments.some((each) => each.rolloutState === 'IN_PROGRESS'),
    );
    return waiting.length === 0
      ? { seen: 'the services are at the version before', done: true }
      : { seen: `ECS takes over the revision of ${waiting.map(({ service }) => service).join(', ')}` };
  });
  for (const { resourceId, service, tags } of before) {
    const memory = memoryOf(tags);
    if (memory?.bounds) await register(context, resourceId, memory.bounds);
    // Application Auto Scaling raises the count to the least, and no further.
    if (memory && !memory.bounds?.min) {
      await aws.ecs.send(
        new UpdateServiceCommand({ cluster: cluster.ecsCluster, service, desiredCount: memory.count }),
      );
    }
  }
  await until(io, () => healthy(context));
  for (const { arn, tags } of before) {
    if (memoryOf(tags)) await aws.ecs.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: [BEFORE] }));
  }
}

async function healthy({ aws, cluster }: Context) {
  const [web] = await fleetsOf(aws, cluster);
  const { service, running, desired, deployments, taskDefinition } = web!;
  if (deployments.some(({ status, rolloutState }) => status === 'PRIMARY' && rolloutState === 'FAILED')) {
    throw new Refusal(
      `The nodes of ${service} do not get healthy, and ECS has given up. The database is restored.`,
      `Their log says why: aws logs tail ${cluster.logGroup} --since 30m. Mend that, then run this again.`,
    );
  }
  const tasks = await tasksOf(aws, cluster.ecsCluster, service);
  const good = tasks.filter(
    ({ healthStatus, lastStatus, taskDefinitionArn }) =>
      healthStatus === 'HEALTHY' && lastStatus === 'RUNNING' && taskDefinitionArn === taskDefinition,
  );
  return good.length > 0
    ? { seen: `a node is healthy; ${running} of ${desired} run`, done: true }
    : { seen: `nodes start: ${running} of ${desired} run, none is healthy yet` };
}

async function register({ aws }: Context, resourceId: string, { min, max }: { min: number; max: number }) {
  await aws.scaling.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: resourceId,
      MinCapacity: min,
      MaxCapacity: max,
    }),
  );
}

/**
 * The revision itself, or a copy of it: CloudFormation deregisters what a successful deployment has replaced, and no
 * service may be given such a revision (ECS, DeregisterTaskDefinition).
 */
async function usable(context: Context, taskDefinition: string, memory: Memory): Promise<string> {
  const { aws } = context;
  const { family } = partsOf(taskDefinition);
  const current = await revisionOf(aws, taskDefinition);
  const wanted = await revisionOf(aws, `${family}:${memory.revision}`);
  if (current.arn === wanted.arn) return wanted.arn;
  if (wanted.definition.status !== 'INACTIVE') return wanted.arn;
  for await (const each of revisionsOf(aws, family)) {
    if (each.revision <= wanted.revision) break;
    const isCopy = each.tags.some(({ key, value }) => key === COPY_OF && value === wanted.arn);
    if (isCopy && each.definition.status !== 'INACTIVE') return each.arn;
  }
  return copy(context, wanted);
}

async function copy({ aws, io }: Context, { arn, definition, tags, revision }: Revision): Promise<string> {
  const { family, containerDefinitions, taskRoleArn, executionRoleArn, networkMode, volumes, cpu, memory } = definition;
  const { placementConstraints, runtimePlatform, ephemeralStorage, pidMode, ipcMode, proxyConfiguration } = definition;
  const { taskDefinition } = await aws.ecs.send(
    new RegisterTaskDefinitionCommand({
      family,
      containerDefinitions,
      taskRoleArn,
      executionRoleArn,
      networkMode,
      volumes,
      cpu,
      memory,
      placementConstraints,
      runtimePlatform,
      ephemeralStorage,
      pidMode,
      ipcMode,
      proxyConfiguration,
      // What it was checked for, not what it needs of the region.
      requiresCompatibilities: definition.requiresCompatibilities,
      tags: [
        ...tags.filter(({ key = '' }) => !key.startsWith('aws:') && key !== COPY_OF),
        { key: COPY_OF, value: arn },
      ],
    }),
  );
  io.say(`  revision ${revision} was deregistered; revision ${taskDefinition!.revision} is a copy of it`);
  return taskDefinition!.taskDefinitionArn!;
}
