import { Aws } from 'aws-cdk-lib';

/** A state of the Amazon States Language. */
export interface State {
  readonly [field: string]: unknown;
}

/** States by their names, which say what they do or find. */
export interface States {
  readonly [name: string]: State;
}

/** What a condition raises as long as it does not hold. */
const NOT_YET = 'NotYet';

/** A call of AWS by its SDK. What fails is tried again twice: a throttled call must not end a maintenance. */
export function call(serviceAndAction: string, parameters: object, rest: State = {}): State {
  return {
    Type: 'Task',
    Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:${serviceAndAction}`,
    Parameters: parameters,
    ResultPath: null,
    TimeoutSeconds: 10,
    Retry: [
      { ErrorEquals: ['States.TaskFailed', 'States.Timeout'], IntervalSeconds: 2, MaxAttempts: 2, BackoffRate: 2 },
    ],
    ...rest,
  };
}

/** A state that ends an execution with a sentence. */
export function fail(error: string, cause: string): State {
  return { Type: 'Fail', Error: error, Cause: cause };
}

/** One branch in two ways, the second of which is taken unless all conditions hold. */
export function either(conditions: State[], next: string, otherwise: string): State {
  const [first, ...more] = conditions;
  const rule = more.length === 0 ? first : { And: conditions };
  return { Type: 'Choice', Choices: [{ ...rule, Next: next }], Default: otherwise };
}

/** Does something for each fleet, all at the same time. */
export function eachFleet(startAt: string, states: States, rest: State = {}): State {
  return {
    Type: 'Map',
    ItemsPath: '$.fleets',
    ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: startAt, States: states },
    ResultPath: null,
    ...rest,
  };
}

/** Looks, and raises that it is not yet so unless all conditions hold. */
export function check(look: string, state: State, conditions: State[]): { startAt: string; states: States } {
  const [good, notYet] = [`${look}: as it should be`, `${look}: not yet`];
  return {
    startAt: look,
    states: {
      [look]: { ...state, Next: `${look}?` },
      [`${look}?`]: either(conditions, good, notYet),
      [good]: { Type: 'Succeed' },
      [notYet]: fail(NOT_YET, 'It is not yet as it should be.'),
    },
  };
}

/** How long something is waited for. */
export interface Patience {
  readonly minutes: number;
  /** The state that is entered when it has come to an end. */
  readonly otherwise: string;
}

/** Looks again and again until all branches find what they look for. A wait is one state, which cannot be left running. */
export function until(branches: { startAt: string; states: States }[], patience: Patience, rest: State): State {
  return {
    Type: 'Parallel',
    Branches: branches.map(({ startAt, states }) => ({ StartAt: startAt, States: states })),
    ResultPath: null,
    ...insist(patience),
    ...rest,
  };
}

function insist({ minutes, otherwise }: Patience): State {
  // An execution takes 25,000 events, of which each look makes a dozen for each fleet.
  const seconds = minutes > 30 ? 30 : 15;
  return {
    Retry: [
      { ErrorEquals: [NOT_YET], IntervalSeconds: seconds, MaxAttempts: (minutes * 60) / seconds, BackoffRate: 1 },
    ],
    Catch: [{ ErrorEquals: [NOT_YET], ResultPath: null, Next: otherwise }],
  };
}
