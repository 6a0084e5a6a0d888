import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  paginateGetExecutionHistory,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Aws } from '../operations/aws';
import type { Terminal } from '../operations/terminal';
import { Refusal } from '../refusal';

/** What the state machine can be asked to do. */
export type Doing = 'begin' | 'end' | 'restart';

/** One that runs, and what it does. */
export interface Execution {
  readonly arn: string;
  readonly does: string;
  /** Whether it ends without judging the node. */
  readonly force: boolean;
}

export async function running(aws: Aws, stateMachine: string): Promise<Execution | undefined> {
  const { executions = [] } = await aws.stepFunctions.send(
    new ListExecutionsCommand({ stateMachineArn: stateMachine, statusFilter: 'RUNNING' }),
  );
  const [first] = executions;
  if (first === undefined) return undefined;
  const { input = '{}' } = await aws.stepFunctions.send(
    new DescribeExecutionCommand({ executionArn: first.executionArn }),
  );
  return { arn: first.executionArn!, ...orderOf(input) };
}

function orderOf(input: string): Omit<Execution, 'arn'> {
  try {
    const { do: does, force }: { do?: unknown; force?: unknown } = JSON.parse(input);
    return { does: typeof does === 'string' ? does : 'something else', force: force === true };
  } catch {
    return { does: 'something else', force: false };
  }
}

export async function start(aws: Aws, stateMachine: string, does: Doing, force = false): Promise<Execution> {
  const { executionArn } = await aws.stepFunctions.send(
    new StartExecutionCommand({
      stateMachineArn: stateMachine,
      input: JSON.stringify({ do: does, ...(force ? { force } : {}) }),
    }),
  );
  return { arn: executionArn!, does, force };
}

const EVERY_MS = 3000;

/** Shows the states that it enters, until it has ended. Throws with its cause if it did not succeed. */
export async function follow(aws: Aws, io: Terminal, { arn, does }: Execution): Promise<void> {
  // Waits enter the same states again and again.
  const shown = new Set<string>();
  let last = 0;
  for (;;) {
    // Asked for first: what happens until it ends is in the history then.
    const { status, cause, error } = await aws.stepFunctions.send(new DescribeExecutionCommand({ executionArn: arn }));
    for (const { id = 0, name } of await statesEntered(aws, arn, last)) {
      last = Math.max(last, id);
      if (name !== undefined && !shown.has(name)) io.say(`  ${name}`);
      if (name !== undefined) shown.add(name);
    }
    if (status === 'SUCCEEDED') return;
    if (status !== 'RUNNING' && status !== 'PENDING_REDRIVE') {
      throw new Refusal(
        cause?.trim() ||
          `maintenance ${does} has ended with ${status}${error ? ` (${error})` : ''}, and does not say why.`,
        `It is safe to run it again. Execution: ${arn}`,
      );
    }
    await io.pause(EVERY_MS);
  }
}

/** All events after one, with the name of the state where one is entered. */
async function statesEntered(aws: Aws, arn: string, after: number) {
  const found: { id?: number; name?: string }[] = [];
  const pages = paginateGetExecutionHistory(
    { client: aws.stepFunctions },
    { executionArn: arn, includeExecutionData: false },
  );
  for await (const { events = [] } of pages) {
    for (const { id = 0, type = '', stateEnteredEventDetails } of events) {
      if (id <= after) continue;
      found.push({ id, name: type.endsWith('StateEntered') ? stateEnteredEventDetails?.name : undefined });
    }
  }
  return found;
}
