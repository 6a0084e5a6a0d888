import { type Graph, inOrder, type Step } from './graph';

/** A step on the clock, in seconds from the start of the deployment. */
export interface TimedStep extends Step {
  readonly start: number;
  readonly end: number;
  /** How much later it could be ready without the deployment ending later. */
  readonly slack: number;
}

export interface Schedule {
  readonly steps: ReadonlyMap<string, TimedStep>;
  /** How long the deployment takes when everything is made as soon as it can be. */
  readonly total: number;
  /** How long it would take to make one thing after the other. */
  readonly inSeries: number;
  /** The critical path: each step begins when the one before it is ready, and the last one is the end. */
  readonly chain: readonly TimedStep[];
}

export function scheduleOf(graph: Graph): Schedule {
  const order = inOrder(graph);
  const ends = new Map<string, number>();
  for (const { id, after, seconds } of order) {
    ends.set(id, Math.max(0, ...after.map((before) => ends.get(before)!)) + seconds);
  }
  const total = Math.max(0, ...ends.values());

  const latestEnds = new Map<string, number>();
  for (const { id, after, seconds } of [...order].reverse()) {
    const latestEnd = latestEnds.get(id) ?? total;
    latestEnds.set(id, latestEnd);
    for (const before of after) {
      latestEnds.set(before, Math.min(latestEnds.get(before) ?? total, latestEnd - seconds));
    }
  }

  const steps = new Map(
    order.map((step): [string, TimedStep] => {
      const end = ends.get(step.id)!;
      return [step.id, { ...step, start: end - step.seconds, end, slack: latestEnds.get(step.id)! - end }];
    }),
  );
  return {
    steps,
    total,
    inSeries: order.reduce((sum, { seconds }) => sum + seconds, 0),
    chain: chainOf(steps, total),
  };
}

function chainOf(steps: ReadonlyMap<string, TimedStep>, total: number): TimedStep[] {
  const chain: TimedStep[] = [];
  let next = first([...steps.values()].filter(({ end }) => end === total));
  while (next !== undefined) {
    chain.unshift(next);
    const { start, after } = next;
    next = first(after.map((id) => steps.get(id)!).filter(({ end }) => end === start));
  }
  return chain;
}

/** Of several that would do, always the same. */
function first(steps: TimedStep[]): TimedStep | undefined {
  return steps.sort((a, b) => (a.id < b.id ? -1 : 1))[0];
}
