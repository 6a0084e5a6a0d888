import type { Context } from '../../../bin/restore/context';
import { type Answers, fakeAws, Listener } from './fake-aws';

export const POINT = new Date('2026-03-01T21:14:07Z');
export const DAY = 24 * 3_600_000;

/** How a revision is, beyond its number. */
export interface Made {
  readonly generation?: string;
  readonly at?: Date;
}

/** ECS, scaling and the stack, as far as counts go: revision 9 is the newer one, 7 the one before. */
export function world(
  names: readonly string[],
  { made = {}, answers = {} }: { made?: Record<number, Made>; answers?: Answers } = {},
) {
  const services = new Map(
    names.map((name, index) => [
      name,
      { min: index, max: 4, count: index + 1, revision: 9, suspended: {}, running: 9, tags: [] as any[] },
    ]),
  );
  const state = { stack: 'UPDATE_COMPLETE', maintenance: 'DISABLED', health: 'HEALTHY', stopped: 0 };
  const revisions: Record<number, Made> = {
    7: { generation: 'A', at: new Date(+POINT - 9 * DAY) },
    9: { generation: 'B', at: new Date(+POINT + 60_000) },
    ...made,
  };
  const arn = (name: string) => `arn:aws:ecs:eu-central-1:1:service/ecs/${name}`;
  const byArn = (given: string) => services.get(given.split('/').at(-1)!)!;
  const change = (it: { count: number; running: number; revision: number }, count: number) => {
    if (it.count === 0 && count > 0) it.running = it.revision;
    it.count = count;
  };
  const { aws, asked } = fakeAws({
    DescribeStacks: () => ({
      Stacks: [
        {
          StackName: 'Prod',
          StackStatus: state.stack,
          Outputs: [
            { OutputKey: 'XClusterName1A2B3C4D', OutputValue: 'ecs' },
            { OutputKey: 'XServiceName1A2B3C4D', OutputValue: names[0] },
          ],
        },
      ],
    }),
    ListStackResources: () => ({
      StackResourceSummaries: [
        ...names.map((name) => ['AWS::ECS::Service', `X${name}0A0A0A0A`, arn(name)]),
        ['AWS::Events::Rule', 'XHold0A0A0A0A', 'hold'],
      ].map(([ResourceType, LogicalResourceId, PhysicalResourceId]) => ({
        ResourceType,
        LogicalResourceId,
        PhysicalResourceId,
      })),
    }),
    DescribeRule: () => ({ State: state.maintenance }),
    DescribeServices: ({ services: wanted }) => ({
      services: wanted.map((name: string) => {
        const { count, revision, tags } = services.get(name)!;
        return {
          serviceName: name,
          serviceArn: arn(name),
          status: 'ACTIVE',
          runningCount: count,
          desiredCount: count,
          taskDefinition: `arn:td/${name}:${revision}`,
          deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }],
          tags: [...tags],
        };
      }),
    }),
    DescribeScalableTargets: () => ({
      ScalableTargets: [...services].map(([name, { min, max, suspended }]) => ({
        ResourceId: `service/ecs/${name}`,
        MinCapacity: min,
        MaxCapacity: max,
        SuspendedState: suspended,
      })),
    }),
    TagResource: ({ resourceArn, tags }) => byArn(resourceArn).tags.push(...tags),
    UntagResource: ({ resourceArn }) => byArn(resourceArn).tags.splice(0),
    RegisterScalableTarget: ({ ResourceId, MinCapacity, MaxCapacity, SuspendedState }) => {
      const it = byArn(ResourceId);
      Object.assign(it, { min: MinCapacity, max: MaxCapacity, suspended: SuspendedState });
      change(it, Math.max(it.min, Math.min(it.max, it.count)));
    },
    UpdateService: ({ service, desiredCount, taskDefinition }) => {
      const it = services.get(service)!;
      if (taskDefinition) it.revision = Number(taskDefinition.split(':').at(-1));
      if (desiredCount !== undefined) change(it, desiredCount);
    },
    ListTasks: ({ serviceName, desiredStatus }) => {
      const { count } = services.get(serviceName)!;
      const ids = Array.from({ length: desiredStatus === 'RUNNING' ? count : state.stopped }, (_, index) => index);
      return { taskArns: ids.map((id) => `${serviceName}/${desiredStatus}/${id}`) };
    },
    DescribeTasks: ({ tasks }) => ({
      tasks: tasks.map((taskArn: string) => {
        const [name, lastStatus] = taskArn.split('/') as [string, string];
        return {
          taskArn,
          lastStatus,
          healthStatus: state.health,
          taskDefinitionArn: `arn:td/${name}:${services.get(name)!.running}`,
        };
      }),
    }),
    ListTaskDefinitions: ({ status, familyPrefix }) => ({
      taskDefinitionArns:
        status === 'ACTIVE' ? Object.keys(revisions).map((each) => `arn:td/${familyPrefix}:${each}`) : [],
    }),
    DescribeTaskDefinition: ({ taskDefinition }) => {
      const [family, number] = taskDefinition.split('/').at(-1)!.split(':');
      const { generation, at } = revisions[number] ?? {};
      return {
        taskDefinition: {
          family,
          revision: Number(number),
          status: 'ACTIVE',
          taskDefinitionArn: `arn:td/${family}:${number}`,
          registeredAt: at,
          containerDefinitions: [
            { image: `image:${generation}`, environment: [{ name: 'LAUNCHER_GENERATION', value: generation }] },
          ],
        },
      };
    },
    FilterLogEvents: () => ({ events: [] }),
    ...answers,
  });
  const io = new Listener();
  const cluster = {
    ecsCluster: 'ecs',
    services: names,
    stackName: 'Prod',
    logGroup: 'logs',
    ownsLogGroup: true,
    holdRule: 'hold',
  };
  const context = { aws, io, cluster, options: { stack: 'Prod' }, instance: 'db', point: POINT } as unknown as Context;
  return { services, asked, context, io, state };
}
