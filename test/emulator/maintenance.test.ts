import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeTargetGroupsCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type App, Duration, Stack, Tags, TimeZone } from 'aws-cdk-lib';
import { type CfnScalableTarget, Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Database, type INodeFleet, NocoBaseCluster, type NocoBaseClusterProps } from '../../lib';
import { Maintenance } from '../../lib/operations/maintenance';
import { only, synthesize } from '../cluster-fixture';
import { LocalAws } from './local-aws';

// The state machine as it is deployed, run with the permissions of its role.

const SCALES = { scalesIn: true, scalesOut: true, scheduled: true };
const SUSPENDED = { scalesIn: false, scalesOut: false, scheduled: false };
const GRACE = only(synthesize().template, 'AWS::ECS::Service').properties.HealthCheckGracePeriodSeconds;
const TEMPLATE = { min: 2, max: 4, running: 2, grace: GRACE, ...SCALES };
// The template suspends that they scale in.
const WORKERS = { min: 1, max: 3, running: 1, grace: 900, ...SCALES, scalesIn: false };
const EVENING = { min: 3, max: 6 };
const NEVER = 2_147_483_647;
const IN_MAINTENANCE = { on: true, codes: '200,503', web: { min: 1, max: 1, running: 1, grace: NEVER, ...SUSPENDED } };
const AS_IN_THE_TEMPLATE = { on: false, codes: '200', web: TEMPLATE };

let aws: LocalAws;
let machine: string;
let rule: string;
let outputs: { [name: string]: string };
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.bootstrap();
  await aws.deploy(assembly());
  await find();
});
afterAll(() => aws?.stop());
beforeEach(async () => {
  await aws.setNodes();
  await aws.stopExecutionsBefore();
});

function assembly(props: Partial<NocoBaseClusterProps> = {}, change: (stack: Stack) => void = () => {}) {
  return aws.synthesize((scope: App) => {
    const stack = new Stack(scope, 'Prod');
    const cluster = new NocoBaseCluster(stack, 'NocoBase', {
      plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
      database: Database.postgres({ deletionProtection: false }),
      ...props,
    });
    cluster.web.scaling.scaleOnSchedule('Evening', {
      schedule: Schedule.cron({ hour: '18', minute: '0' }),
      timeZone: TimeZone.ETC_UTC,
      minCapacity: EVENING.min,
      maxCapacity: EVENING.max,
    });
    withWorkers(stack, cluster);
    change(stack);
  });
}

/** A maintenance of two fleets: the nodes of the cluster, and others that serve no requests. */
function withWorkers(stack: Stack, cluster: NocoBaseCluster) {
  const service = new ecs.FargateService(stack, 'Workers', {
    cluster: cluster.ecsCluster,
    taskDefinition: cluster.web.taskDefinition,
    securityGroups: cluster.web.connections.securityGroups,
    healthCheckGracePeriod: Duration.seconds(WORKERS.grace),
    minHealthyPercent: 100,
  });
  service.node.addDependency(cluster.web.service);
  const scaling = service.autoScaleTaskCount({ minCapacity: WORKERS.min, maxCapacity: WORKERS.max });
  const target = scaling.node.findChild('Target').node.defaultChild as CfnScalableTarget;
  const workers = { ...cluster.web, service, scaling } as INodeFleet;
  const { stateMachine } = new Maintenance(stack, 'Both', {
    fleets: [
      { fleet: cluster.web, nodesInMaintenance: 1 },
      { fleet: workers, nodesInMaintenance: 0 },
    ],
    targetGroup: cluster.entrance.targetGroup,
    ruleName: 'both',
    alarmAfter: Duration.hours(4),
  });
  target.suspendedState = { dynamicScalingInSuspended: true };
  stack.exportValue(stateMachine.stateMachineArn, { name: 'both' });
  stack.exportValue(service.serviceName, { name: 'workers' });
}

async function find() {
  outputs = await aws.outputs('Prod');
  machine = Object.entries(outputs).find(([key]) => /MaintenanceStateMachine/.test(key))![1];
  const ids = await aws.physicalIds('Prod', 'AWS::Events::Rule');
  rule = Object.entries(ids).find(([id]) => /^NocoBase/.test(id))![1];
}

const sfn = () => aws.client(SFNClient);
const exported = (part: RegExp) => Object.entries(outputs).find(([key]) => part.test(key))![1];

async function run(input: unknown, stateMachineArn = machine): Promise<DescribeExecutionCommandOutput> {
  const { executionArn } = await sfn().send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return ended(executionArn!);
}

async function ended(executionArn: string): Promise<DescribeExecutionCommandOutput> {
  for (;;) {
    const execution = await sfn().send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function order(what: string, stateMachineArn?: string) {
  const { status, error, cause } = await run({ do: what }, stateMachineArn);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
}

/** The states that an execution came through. */
async function statesOf({ executionArn }: DescribeExecutionCommandOutput): Promise<string[]> {
  const { events = [] } = await sfn().send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  return [...new Set(events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []))];
}

async function fleet(name: string) {
  const cluster = exported(/ClusterName/);
  const { services } = await aws.client(ECSClient).send(new DescribeServicesCommand({ cluster, services: [name] }));
  const { ScalableTargets } = await aws
    .client(ApplicationAutoScalingClient)
    .send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [`service/${cluster}/${name}`] }));
  const [{ MinCapacity: min, MaxCapacity: max, SuspendedState: suspended }] = ScalableTargets!;
  const scales = {
    scalesIn: !suspended?.DynamicScalingInSuspended,
    scalesOut: !suspended?.DynamicScalingOutSuspended,
    scheduled: !suspended?.ScheduledScalingSuspended,
  };
  const [{ runningCount: running, healthCheckGracePeriodSeconds: grace }] = services!;
  return { min, max, running, grace, ...scales };
}

async function settings(name = rule) {
  const { State } = await aws.client(EventBridgeClient).send(new DescribeRuleCommand({ Name: name }));
  const { TargetGroups } = await aws.client(ElasticLoadBalancingV2Client).send(new DescribeTargetGroupsCommand({}));
  return {
    on: State === 'ENABLED',
    codes: TargetGroups![0].Matcher!.HttpCode,
    web: await fleet(exported(/ServiceName/)),
  };
}

test('at first everything is as in the template, and the rule is disabled', async () => {
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

test('begin takes the cluster to one node that nobody replaces; begin again changes nothing; end restores all', async () => {
  await order('begin');
  expect(await settings()).toEqual(IN_MAINTENANCE);
  await order('begin');
  expect(await settings()).toEqual(IN_MAINTENANCE);
  await order('end');
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  await order('end');
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

test('it waits until ECS has as many nodes as are wanted', async () => {
  await aws.setNodes({ looks: 5 });
  await order('begin');
  expect(await settings()).toEqual(IN_MAINTENANCE);
  await order('end');
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

/** The states of an execution that change something, and the last: between two of them there is nothing but looking. */
async function turningPoints(execution: DescribeExecutionCommandOutput): Promise<string[]> {
  const { definition } = await sfn().send(new DescribeStateMachineCommand({ stateMachineArn: machine }));
  const changing = (state: string) => {
    const start = definition!.indexOf(`${JSON.stringify(state)}:{"Type":"Task"`);
    return start >= 0 && !/^[^{]*{"Type":"Task","Resource":"[^"]*:describe/.test(definition!.slice(start));
  };
  const states = await statesOf(execution);
  return [...states.filter(changing), states.at(-1)!];
}

describe.each([
  ['begin', 'end', AS_IN_THE_TEMPLATE, IN_MAINTENANCE],
  ['end', 'begin', IN_MAINTENANCE, AS_IN_THE_TEMPLATE],
] as const)('%s that was stopped wherever it changes something', (what, opposite, before, after) => {
  let points: string[];
  beforeAll(async () => {
    if (before.on) await order('begin');
    points = await turningPoints(await run({ do: what }));
    expect(points.length).toBeGreaterThan(4);
    await order(opposite);
  });
  afterAll(() => order('end'));

  async function stoppedBefore(state: string) {
    await aws.stopExecutionsBefore(state);
    expect([state, (await run({ do: what })).error]).toEqual([state, 'Stopped']);
    await aws.stopExecutionsBefore();
  }

  test('comes to the same when it is run again', async () => {
    for (const state of points) {
      await stoppedBefore(state);
      await order(what);
      expect([state, await settings()]).toEqual([state, after]);
      await order(opposite);
    }
  });

  test('comes to the opposite when that is run', async () => {
    for (const state of points) {
      await stoppedBefore(state);
      await order(opposite);
      expect([state, await settings()]).toEqual([state, before]);
    }
  });
});

describe('while a command keeps the node at 503', () => {
  beforeAll(async () => {
    await order('begin');
  });
  beforeEach(() => aws.setNodes({ answers: 503 }));
  afterAll(async () => {
    await aws.setNodes();
    await order('end');
  });

  test('maintenance is begun again, and held', async () => {
    await order('begin');
    await order('hold');
    expect(await settings()).toEqual(IN_MAINTENANCE);
  });

  test('end starts and stops no node, says so, and maintenance stays on', async () => {
    expect(await run({ do: 'end' })).toMatchObject({
      status: 'FAILED',
      error: 'StillBusy',
      cause: expect.stringMatching(/a command still runs.*end again/),
    });
    expect(await settings()).toEqual({ ...IN_MAINTENANCE, codes: '200' });
    await aws.rulesAreDue(rule);
    await allEnded();
    expect(await settings()).toEqual(IN_MAINTENANCE);
  });
});

test('an end outside of maintenance, while no node answers, does not begin one', async () => {
  await aws.setNodes({ answers: 503 });
  expect(await run({ do: 'end' })).toMatchObject({ status: 'FAILED', error: 'StillBusy' });
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

test('an end whose nodes do not come says what is left to do, and is finished by the next', async () => {
  await order('begin');
  await aws.setNodes({ looks: 10_000 });
  expect(await run({ do: 'end' })).toMatchObject({
    status: 'FAILED',
    error: 'NodesAreMissing',
    cause: expect.stringMatching(/end again/),
  });
  expect(await settings()).toMatchObject({ on: false, codes: '200', web: { min: 2, max: 4, grace: NEVER } });
  await aws.setNodes();
  await aws.client(ECSClient).send(
    new UpdateServiceCommand({
      cluster: exported(/ClusterName/),
      service: exported(/ServiceName/),
      desiredCount: 2,
    }),
  );
  await order('end');
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

const bounds = (MinCapacity: number, MaxCapacity: number) =>
  aws.client(ApplicationAutoScalingClient).send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceId: `service/${exported(/ClusterName/)}/${exported(/ServiceName/)}`,
      MinCapacity,
      MaxCapacity,
    }),
  );

const desire = (desiredCount: number) =>
  aws
    .client(ECSClient)
    .send(
      new UpdateServiceCommand({ cluster: exported(/ClusterName/), service: exported(/ServiceName/), desiredCount }),
    );

describe('scaling at a time of the day', () => {
  test('does nothing in maintenance, and goes on after it', async () => {
    await order('begin');
    await aws.scheduledActionsAreDue();
    expect(await settings()).toEqual(IN_MAINTENANCE);
    await order('end');
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
    await aws.scheduledActionsAreDue();
    expect((await settings()).web).toMatchObject({ ...EVENING, running: EVENING.min });
    await bounds(TEMPLATE.min, TEMPLATE.max);
    await desire(TEMPLATE.running);
  });
});

describe('an end by force, of a NocoBase that is broken', () => {
  beforeEach(() => aws.setNodes({ answers: 503 }));
  afterEach(async () => {
    await aws.setNodes();
    await order('end');
  });

  test('asks no node, and restores all', async () => {
    await order('begin');
    expect(await run({ do: 'end' })).toMatchObject({
      error: 'StillBusy',
      cause: expect.stringMatching(/"force": true/),
    });
    expect(await run({ do: 'end', force: true })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
    await aws.rulesAreDue(rule);
    await allEnded();
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });

  test('is finished by another when it was stopped wherever it changes something', async () => {
    await order('begin');
    const points = await turningPoints(await run({ do: 'end', force: true }));
    expect(points.length).toBeGreaterThan(4);
    for (const state of points) {
      await order('begin');
      await aws.stopExecutionsBefore(state);
      expect([state, (await run({ do: 'end', force: true })).error]).toEqual([state, 'Stopped']);
      await aws.stopExecutionsBefore();
      expect([state, (await run({ do: 'end', force: true })).status]).toEqual([state, 'SUCCEEDED']);
      expect([state, await settings()]).toEqual([state, AS_IN_THE_TEMPLATE]);
    }
  });

  test('lets a deployment through', async () => {
    await order('begin');
    const mended = assembly({ environment: { MENDED: 'true' } });
    const { output } = await aws.tryDeploy(mended);
    expect(output).toMatch(/maintenance is on[\s\S]*--force/);
    await run({ do: 'end', force: true });
    await aws.deploy(mended);
    await aws.deploy(assembly());
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });

  test('that is not forced after all waits for the node', async () => {
    await order('begin');
    expect(await run({ do: 'end', force: false })).toMatchObject({ status: 'FAILED', error: 'StillBusy' });
    expect(await settings()).toEqual({ ...IN_MAINTENANCE, codes: '200' });
  });
});

describe('while a restore has taken all nodes', () => {
  const taken = async () => {
    await bounds(0, 0);
    await desire(0);
  };
  afterEach(async () => {
    await bounds(TEMPLATE.min, TEMPLATE.max);
    await order('end');
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });

  test.each([[{ do: 'begin' }], [{ do: 'end' }], [{ do: 'end', force: true }], [{ do: 'restart' }]])(
    '%j is refused, and changes nothing',
    async (input) => {
      await taken();
      const before = await settings();
      expect(before.web).toMatchObject({ min: 0, max: 0, running: 0 });
      expect(await run(input)).toMatchObject({
        status: 'FAILED',
        error: 'NoNodes',
        cause: expect.stringMatching(/a restore is under way.*Nothing was changed/),
      });
      expect(await settings()).toEqual(before);
    },
  );

  test('a hold of a maintenance that came in between starts none', async () => {
    await order('begin');
    await taken();
    await order('hold');
    expect(await settings()).toMatchObject({ on: true, web: { min: 0, max: 0, running: 0 } });
  });
});

describe('the rule', () => {
  async function putBack() {
    const cluster = exported(/ClusterName/);
    const service = exported(/ServiceName/);
    await aws
      .client(ECSClient)
      .send(new UpdateServiceCommand({ cluster, service, healthCheckGracePeriodSeconds: TEMPLATE.grace }));
    await bounds(TEMPLATE.min, TEMPLATE.max);
  }

  test('holds what something has put back, and is counted', async () => {
    await order('begin');
    await putBack();
    expect(await settings()).not.toEqual(IN_MAINTENANCE);
    await aws.rulesAreDue(rule);
    const [execution] = await allEnded();
    expect(await settings()).toEqual(IN_MAINTENANCE);
    expect((await statesOf(execution)).at(-1)).toBe('Maintenance is on');
    await order('end');
  });

  test('does nothing when maintenance is off, nor does a hold that came too late', async () => {
    const before = (await allEnded()).length;
    await aws.rulesAreDue(rule);
    expect(await allEnded()).toHaveLength(before);
    await order('hold');
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });
});

/** The executions there have been, the latest first. */
async function allEnded() {
  const { executions = [] } = await sfn().send(new ListExecutionsCommand({ stateMachineArn: machine }));
  const all = await Promise.all(executions.map(({ executionArn }) => ended(executionArn!)));
  return all.sort((one, other) => other.startDate!.getTime() - one.startDate!.getTime());
}

describe('restart', () => {
  test('makes a deployment without a change, and waits for it', async () => {
    await aws.setNodes({ looks: 4 });
    await order('restart');
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });

  test('says when ECS has given up', async () => {
    await aws.setNodes({ outcome: 'ROLLED_BACK' });
    expect(await run({ do: 'restart' })).toMatchObject({ status: 'FAILED', error: 'RestartGivenUp' });
  });

  test('is refused in maintenance, and changes nothing', async () => {
    await order('begin');
    expect(await run({ do: 'restart' })).toMatchObject({
      status: 'FAILED',
      error: 'MaintenanceIsOn',
      cause: expect.stringMatching(/End it first/),
    });
    expect(await settings()).toEqual(IN_MAINTENANCE);
    await order('end');
  });

  test('goes on by itself when it takes longer than it is waited for; meanwhile nothing is begun', async () => {
    await aws.setNodes({ looks: 10_000 });
    expect(await run({ do: 'restart' })).toMatchObject({ status: 'FAILED', error: 'RestartTakesLong' });
    for (const what of ['begin', 'restart']) {
      expect(await run({ do: what })).toMatchObject({
        status: 'FAILED',
        error: 'DeploymentUnderWay',
        cause: expect.stringMatching(/Nothing was changed/),
      });
    }
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
    await aws.setNodes();
    await aws.client(ECSClient).send(
      new UpdateServiceCommand({
        cluster: exported(/ClusterName/),
        service: exported(/ServiceName/),
        forceNewDeployment: true,
      }),
    );
    await settings();
  });
});

test.each([
  [{}],
  [{ do: 'something' }],
  [{ do: 7 }],
  [[]],
  ['begin'],
  [{ DO: 'begin' }],
  [{ do: 'begin', force: true }],
  [{ do: 'end', force: 'yes' }],
  [{ do: 'hold', force: false }],
])('the input %j is refused with a sentence, and changes nothing', async (input) => {
  expect(await run(input)).toMatchObject({
    status: 'FAILED',
    error: 'NoSuchOrder',
    cause: expect.stringContaining('{"do": "begin"}'),
  });
  expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
});

test('of several fleets those without requests get no node', async () => {
  const both = exported(/both/i);
  const workers = () => fleet(exported(/workers/i));
  expect(await workers()).toEqual(WORKERS);
  await order('begin', both);
  expect(await settings('both')).toEqual(IN_MAINTENANCE);
  expect(await workers()).toEqual({ min: 0, max: 0, running: 0, grace: NEVER, ...SUSPENDED });
  // No node is what they are to have: that keeps nobody from beginning again, or ending.
  await order('begin', both);
  await order('end', both);
  expect(await settings('both')).toEqual(AS_IN_THE_TEMPLATE);
  expect(await workers()).toEqual(WORKERS);
  await order('restart', both);
});

describe('a deployment in maintenance', () => {
  beforeAll(() => order('begin'));

  test.each<[string, Partial<NocoBaseClusterProps>, (stack: Stack) => void]>([
    ['of other nodes', { environment: { TZ: 'Europe/Berlin' } }, () => {}],
    ['of other bounds', { web: { minNodes: 3 } }, () => {}],
    ['of another grace', { upgradeTimeout: Duration.hours(1) }, () => {}],
    ['of other percentages', { web: { maximumPercent: 150 } }, () => {}],
    ['of another health check', { publicPath: '/nocobase/' }, () => {}],
    [
      'of tags, which would disable the rule',
      {},
      (stack) => Tags.of(stack.node.findChild('NocoBase')).add('commit', 'abcdef'),
    ],
  ])('%s is refused, changes nothing and says how to go on', async (_, props, change) => {
    const { exitCode, output } = await aws.tryDeploy(assembly(props, change));
    expect(exitCode).toBe(1);
    expect(output).toMatch(/maintenance is on[\s\S]*npx cdk-nocobase maintenance end --stack Prod/);
    expect(await settings()).toEqual(IN_MAINTENANCE);
    expect((await aws.stack('Prod')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('of what has nothing to do with it passes, and maintenance stays on', async () => {
    await aws.deploy(assembly({ maintenanceAlarmAfter: Duration.hours(8) }));
    expect(await settings()).toEqual(IN_MAINTENANCE);
  });

  test('passes when maintenance has ended', async () => {
    await order('end');
    await aws.deploy(assembly({ environment: { TZ: 'Europe/Berlin' } }));
    expect(await settings()).toEqual(AS_IN_THE_TEMPLATE);
  });
});

test('a stack is deleted in maintenance', async () => {
  await order('begin');
  expect((await aws.destroy(assembly())).exitCode).toBe(0);
  await expect(aws.client(EventBridgeClient).send(new DescribeRuleCommand({ Name: rule }))).rejects.toThrow();
});
