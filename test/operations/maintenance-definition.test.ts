import { Template } from 'aws-cdk-lib/assertions';
import type { CfnScalableTarget } from 'aws-cdk-lib/aws-applicationautoscaling';
import { maintenanceDefinition } from '../../lib/operations/maintenance-definition';
import type { FleetInDefinition } from '../../lib/operations/maintenance-steps';
import { newCluster, only, render, synthesize } from '../cluster-fixture';

// What can be said of the definition without running it, which test/emulator does.

const WEB: FleetInDefinition = {
  cluster: 'cluster',
  service: 'arn:aws:ecs:eu-central-1:111122223333:service/cluster/web',
  resourceId: 'service/cluster/web',
  minNodes: 2,
  maxNodes: 4,
  graceSeconds: 7800,
  nodesInMaintenance: 1,
  suspended: {
    DynamicScalingInSuspended: false,
    DynamicScalingOutSuspended: false,
    ScheduledScalingSuspended: false,
  },
};
const definitionOf = (...fleets: FleetInDefinition[]): any =>
  maintenanceDefinition({
    fleets,
    targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/nodes/1',
    healthyCodes: '200',
    ruleName: 'hold',
    stackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Prod/1',
  });

interface Machine {
  readonly StartAt: string;
  readonly States: { [name: string]: any };
}

/** A state machine and all that are in it. */
function machines(machine: Machine): Machine[] {
  const inner = Object.values(machine.States).flatMap(({ ItemProcessor, Branches = [] }) => [
    ...(ItemProcessor ? [ItemProcessor] : []),
    ...Branches,
  ]);
  return [machine, ...inner.flatMap(machines)];
}

const nextOf = ({ Next, Default, Choices = [], Catch = [] }: any): string[] =>
  [Next, Default, ...[...Choices, ...Catch].map((each) => each.Next)].filter((name) => name !== undefined);

const all = machines(definitionOf(WEB));
const states = all.flatMap(({ States }) => Object.entries(States));

test('every state can be reached, and every one named is there', () => {
  for (const { StartAt, States } of all) {
    const named = new Set([StartAt, ...Object.values(States).flatMap(nextOf)]);
    expect([...named].sort()).toEqual(Object.keys(States).sort());
  }
});

test('the names of states are unique, and of no more than 80 characters', () => {
  const names = states.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.length > 80)).toEqual([]);
});

test('every call has a time-out and is tried again; every wait comes to an end; so does the whole', () => {
  for (const [name, { Type, TimeoutSeconds, Retry }] of states) {
    if (Type === 'Task') expect([name, TimeoutSeconds, Retry[0].MaxAttempts]).toEqual([name, 10, 2]);
  }
  const waits = states.filter(([, { Retry = [] }]) =>
    Retry.some(({ ErrorEquals }: any) => ErrorEquals.includes('NotYet')),
  );
  expect(waits.map(([name]) => name)).toEqual(
    expect.arrayContaining(['One node is left', 'NocoBase answers', 'All nodes are there', 'The fleet is through']),
  );
  for (const [name, { Retry, Catch }] of waits) {
    expect([name, Catch.map(({ ErrorEquals }: any) => ErrorEquals)]).toEqual([name, [['NotYet']]]);
    const [{ IntervalSeconds, MaxAttempts, BackoffRate }] = Retry;
    expect(BackoffRate).toBe(1);
    expect(IntervalSeconds * MaxAttempts).toBeLessThan(definitionOf(WEB).TimeoutSeconds);
  }
});

test('every failure has a sentence', () => {
  const failures = states.filter(([, { Type }]) => Type === 'Fail');
  expect(failures.length).toBeGreaterThan(8);
  for (const [name, { Error: error, Cause: cause }] of failures) {
    expect([name, error]).toEqual([name, expect.stringMatching(/^[A-Z][A-Za-z]+$/)]);
    expect([name, cause]).toEqual([name, expect.stringMatching(/^[A-Z].*\.$/)]);
  }
});

/** What no execution without force takes. */
const isForced = ({ And = [] }: any) => And.some(({ BooleanEquals }: any) => BooleanEquals === true);

/** The states that come before one on every way to it from the start. */
function before(name: string, force = false): Set<string> {
  const { StartAt, States } = definitionOf(WEB) as Machine;
  for (const state of force ? [] : Object.values(States).filter(({ Choices }) => Choices)) {
    state.Choices = state.Choices.filter((choice: any) => !isForced(choice));
  }
  const reaches = (without: string) => {
    const seen = new Set<string>();
    const go = (state: string) => {
      if (state === without || seen.has(state)) return;
      seen.add(state);
      nextOf(States[state]).forEach(go);
    };
    go(StartAt);
    return seen;
  };
  return new Set(Object.keys(States).filter((each) => each !== name && !reaches(each).has(name)));
}

test('no node is started or replaced before the one answers 200, judged without a hold that may still come', () => {
  expect([...before('As in the template')]).toEqual(
    expect.arrayContaining(['Only 200 is healthy', 'The load balancer looks', 'NocoBase answers', 'Judged for good?']),
  );
  expect([...before('Nodes are replaced again')]).toEqual(expect.arrayContaining(['All nodes are there']));
});

test('a forced end asks no node, but puts nothing back either before a hold that may still come has passed', () => {
  const forced = [...before('As in the template', true)];
  expect(forced).toEqual(
    expect.arrayContaining(['Every fleet has nodes', 'The load balancer looks', 'Health check of the template']),
  );
  expect(forced).not.toContain('NocoBase answers');
  expect([...before('Nodes are replaced again', true)]).not.toContain('All nodes are there');
});

test('whatever is ordered, but to hold, is refused where a restore has taken the nodes', () => {
  for (const change of ['Maintenance is on from here', 'Only 200 is healthy', 'Roll all nodes']) {
    expect([...before(change, true)]).toContain('Every fleet has nodes');
  }
  const { States } = definitionOf(WEB).States['As in maintenance'].ItemProcessor;
  expect(nextOf(States['Replace no node'])).toEqual(['Has it no nodes?']);
  expect(States['Has it no nodes?'].Default).toBe('As few nodes as that');
});

test('nothing is changed by a begin or a restart before it is known that no deployment is under way', () => {
  for (const change of ['Maintenance is on from here', 'Roll all nodes']) {
    expect([...before(change)]).toEqual(
      expect.arrayContaining(['Is maintenance on?', 'Is the stack changing?', 'No fleet is being deployed']),
    );
  }
});

test('replacement is held off before the bounds come down', () => {
  const { StartAt, States } = definitionOf(WEB).States['As in maintenance'].ItemProcessor;
  expect(StartAt).toBe('Replace no node');
  expect(States[StartAt].Parameters.HealthCheckGracePeriodSeconds).toBe(2 ** 31 - 1);
  expect(nextOf(States[States[StartAt].Next])).toContain('As few nodes as that');
});

test('nothing scales by itself in maintenance, and after it whatever the template lets', () => {
  const bounds = (name: string) =>
    states.find(([state]) => state === name)![1].Parameters as { [parameter: string]: unknown };
  expect(bounds('As few nodes as that').SuspendedState).toEqual({
    DynamicScalingInSuspended: true,
    DynamicScalingOutSuspended: true,
    ScheduledScalingSuspended: true,
  });
  expect(bounds('As many nodes as that')['SuspendedState.$']).toBe('$.suspended');
});

test('what the template suspends, set however late, is suspended after the maintenance', () => {
  const { stack, cluster } = newCluster();
  const target = cluster.web.scaling.node.findChild('Target').node.defaultChild as CfnScalableTarget;
  target.suspendedState = { scheduledScalingSuspended: true };
  const { properties } = only(Template.fromStack(stack), 'AWS::StepFunctions::StateMachine');
  const { States } = JSON.parse(render(properties.DefinitionString));
  expect(States['The fleets of the template'].Result).toMatchObject([
    {
      suspended: {
        DynamicScalingInSuspended: false,
        DynamicScalingOutSuspended: false,
        ScheduledScalingSuspended: true,
      },
    },
  ]);
});

test('more fleets are more data, and no more states', () => {
  const workers = {
    ...WEB,
    service: 'arn:aws:ecs:eu-central-1:111122223333:service/cluster/workers',
    nodesInMaintenance: 0,
  };
  const both = definitionOf(WEB, workers);
  expect(both.States['The fleets of the template'].Result).toEqual([WEB, workers]);
  expect(Object.keys(both.States)).toEqual(Object.keys(definitionOf(WEB).States));
});

test('in a cluster it knows what the template says of its nodes', () => {
  const { template } = synthesize({ web: { minNodes: 3, maxNodes: 7 } });
  const definition = JSON.parse(render(only(template, 'AWS::StepFunctions::StateMachine').properties.DefinitionString));
  const { MinCapacity, MaxCapacity } = only(template, 'AWS::ApplicationAutoScaling::ScalableTarget').properties;
  const service = only(template, 'AWS::ECS::Service');
  const group = only(template, 'AWS::ElasticLoadBalancingV2::TargetGroup');
  expect(definition.States['The fleets of the template'].Result).toMatchObject([
    {
      service: `<${service.id}>`,
      minNodes: MinCapacity,
      maxNodes: MaxCapacity,
      graceSeconds: service.properties.HealthCheckGracePeriodSeconds,
      nodesInMaintenance: 1,
      suspended: WEB.suspended,
    },
  ]);
  expect(definition.States['Only 200 is healthy'].Parameters).toEqual({
    TargetGroupArn: `<${group.id}>`,
    Matcher: group.properties.Matcher,
  });
});
