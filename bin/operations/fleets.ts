import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import {
  type Deployment,
  DescribeServicesCommand,
  DescribeTasksCommand,
  paginateListTasks,
  type Service,
  type Tag,
  type Task,
} from '@aws-sdk/client-ecs';
import { Refusal } from '../refusal';
import type { Aws } from './aws';
import type { Cluster } from './cluster';

/** What of scaling can be suspended. */
export const SUSPENSIONS = {
  in: 'DynamicScalingInSuspended',
  out: 'DynamicScalingOutSuspended',
  scheduled: 'ScheduledScalingSuspended',
} as const;
export type Suspension = keyof typeof SUSPENSIONS;

/** Nodes of one kind: a service of ECS and the bounds within which it scales. */
export interface Fleet {
  readonly service: string;
  readonly arn: string;
  /** As Application Auto Scaling calls it. */
  readonly resourceId: string;
  readonly running: number;
  readonly pending: number;
  readonly desired: number;
  /** Undefined: it does not scale. */
  readonly bounds?: { readonly min: number; readonly max: number };
  /** What of its scaling is suspended. */
  readonly suspended: readonly Suspension[];
  /** ARN of the revision that nodes are of, or will be. */
  readonly taskDefinition: string;
  readonly deployments: readonly Deployment[];
  readonly tags: readonly Tag[];
}

/** At once: a service and another one belong together. */
export async function fleetsOf(aws: Aws, { ecsCluster, services, stackName }: Cluster): Promise<Fleet[]> {
  const found: Service[] = [];
  for (let start = 0; start < services.length; start += 10) {
    const { services: some = [] } = await aws.ecs.send(
      new DescribeServicesCommand({
        cluster: ecsCluster,
        services: services.slice(start, start + 10),
        include: ['TAGS'],
      }),
    );
    found.push(...some.filter(({ status }) => status === 'ACTIVE'));
  }
  const { ScalableTargets = [] } = await aws.scaling.send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs',
      ResourceIds: services.map((name) => `service/${ecsCluster}/${name}`),
    }),
  );
  return services.map((service) => {
    const described = found.find(({ serviceName }) => serviceName === service);
    if (described === undefined) {
      throw new Refusal(
        `The service ${service} of the stack ${stackName} is not there in the ECS cluster ${ecsCluster}.`,
        'Somebody has deleted it. Deploy the stack again.',
      );
    }
    const resourceId = `service/${ecsCluster}/${service}`;
    const target = ScalableTargets.find(({ ResourceId }) => ResourceId === resourceId);
    return {
      service,
      arn: described.serviceArn!,
      resourceId,
      running: described.runningCount ?? 0,
      pending: described.pendingCount ?? 0,
      desired: described.desiredCount ?? 0,
      bounds: target && { min: target.MinCapacity ?? 0, max: target.MaxCapacity ?? 0 },
      suspended: (Object.keys(SUSPENSIONS) as Suspension[]).filter(
        (each) => target?.SuspendedState?.[SUSPENSIONS[each]],
      ),
      taskDefinition: described.taskDefinition!,
      deployments: described.deployments ?? [],
      tags: described.tags ?? [],
    };
  });
}

/** Those that are there, also those that are being stopped. */
export async function tasksOf(aws: Aws, ecsCluster: string, service: string): Promise<Task[]> {
  return (await allTasksOf(aws, ecsCluster, service)).filter((task) => !isGone(task));
}

export function isGone({ lastStatus }: Task): boolean {
  return lastStatus === 'STOPPED' || lastStatus === 'DELETED';
}

/** Also those that have stopped; ECS knows them for an hour. */
export async function allTasksOf(aws: Aws, ecsCluster: string, service: string): Promise<Task[]> {
  const found: Task[] = [];
  for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
    const pages = paginateListTasks({ client: aws.ecs }, { cluster: ecsCluster, serviceName: service, desiredStatus });
    // A page has as many as may be described at once.
    for await (const { taskArns = [] } of pages) {
      if (taskArns.length === 0) continue;
      const { tasks = [] } = await aws.ecs.send(new DescribeTasksCommand({ cluster: ecsCluster, tasks: taskArns }));
      found.push(...tasks);
    }
  }
  return found;
}
