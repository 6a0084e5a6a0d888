import { maintain } from '../../../bin/maintenance/command';
import { type Answers, fakeAws, Listener } from './fake-aws';

/** A state machine of which an execution is at work, if it is said what it does. */
function world(running: string | undefined, more: Answers = {}) {
  const done = new Set<string>();
  const { aws, asked } = fakeAws({
    DescribeStacks: () => ({
      Stacks: [
        {
          StackName: 'Prod',
          StackStatus: 'UPDATE_COMPLETE',
          Outputs: ['ClusterName', 'ServiceName', 'MaintenanceStateMachine'].map((name) => ({
            OutputKey: `NocoBase${name}1A2B3C4D`,
            OutputValue: name,
          })),
        },
      ],
    }),
    ListStackResources: () => ({ StackResourceSummaries: [] }),
    ListExecutions: () => ({ executions: running === undefined ? [] : [{ executionArn: 'running' }] }),
    StartExecution: ({ input }) => ({ executionArn: `started ${JSON.parse(input).do}` }),
    // The first look sees it at work, the second that it has ended.
    DescribeExecution: ({ executionArn }) => {
      const status = done.has(executionArn) ? 'SUCCEEDED' : 'RUNNING';
      if (asked.filter(([name]) => name === 'GetExecutionHistory').length > 0) done.add(executionArn);
      return { status, input: JSON.stringify({ do: running }) };
    },
    GetExecutionHistory: ({ executionArn }) => ({
      events: [1, 2, 3].map((id) => ({
        id,
        type: 'PassStateEntered',
        stateEnteredEventDetails: { name: id === 3 ? 'Waits' : `${executionArn} ${id}` },
      })),
    }),
    ...more,
  });
  const io = new Listener();
  return {
    run: (does: 'begin' | 'end', force = false) => maintain(aws, io, { stack: 'Prod' }, does, force),
    io,
    asked,
  };
}

test('one that does the same already is followed, and no other is started', async () => {
  const { run, io, asked } = world('begin');
  await run('begin');
  expect(io.lines).toEqual([
    'maintenance begin of Prod is running already:',
    '  running 1',
    '  running 2',
    '  Waits',
    expect.stringMatching(/^Maintenance is on/),
  ]);
  expect(asked.map(([name]) => name)).not.toContain('StartExecution');
});

test('one that does something else is waited for first', async () => {
  const { run, io, asked } = world('hold');
  await run('end');
  expect(io.lines[0]).toBe('maintenance hold of Prod is running already:');
  expect(io.lines).toEqual(expect.arrayContaining(['maintenance end of Prod:', '  started end 1']));
  expect(asked.filter(([name]) => name === 'StartExecution')).toEqual([
    ['StartExecution', { stateMachineArn: 'MaintenanceStateMachine', input: '{"do":"end"}' }],
  ]);
});

test('one that was stopped is told with what is known of it', async () => {
  const { run } = world(undefined, { DescribeExecution: () => ({ status: 'ABORTED' }) });
  await expect(run('begin')).rejects.toThrow(
    'maintenance begin has ended with ABORTED, and does not say why.\nIt is safe to run it again. Execution: started begin',
  );
});

test('a stack of an earlier version has none', async () => {
  const { run } = world(undefined, {
    DescribeStacks: () => ({
      Stacks: [
        {
          Outputs: ['ClusterName', 'ServiceName'].map((name) => ({ OutputKey: `X${name}1A2B3C4D`, OutputValue: name })),
        },
      ],
    }),
  });
  await expect(run('begin')).rejects.toThrow(/has no state machine for maintenance/);
});

test('an end that is forced does not take one that waits for the node for its own', async () => {
  const { run, asked } = world('end');
  await run('end', true);
  expect(asked.filter(([name]) => name === 'StartExecution')).toEqual([
    ['StartExecution', { stateMachineArn: 'MaintenanceStateMachine', input: '{"do":"end","force":true}' }],
  ]);
});
