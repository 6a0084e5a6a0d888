import { ancestorsOf, type Graph, inOrder, type Step } from './graph';

/** What takes as long is worth being made beside the others, in seconds. */
export const SLOW = 60;

export function isSlow({ seconds }: Step): boolean {
  return seconds >= SLOW;
}

/** Two slow steps of which the second one waits for the first one. */
export interface Series {
  readonly earlier: Step;
  readonly later: Step;
}

export function seriesIn(graph: Graph): Series[] {
  return [...graph.values()]
    .filter(isSlow)
    .flatMap((later) => [...ancestorsOf(graph, later.id)].filter(isSlow).map((earlier) => ({ earlier, later })));
}

/**
 * How long the deployment would take if a slow step waited for those before it
 * only where that is justified. Steps that are not slow keep their order.
 */
export function totalOf(graph: Graph, justified: (series: Series) => boolean): number {
  // For each step when it is ready, by the last slow step on the way there (or none).
  const ready = new Map<string, Map<Step | undefined, number>>();
  for (const step of inOrder(graph)) {
    const begins = new Map<Step | undefined, number>([[undefined, 0]]);
    for (const [last, time] of step.after.flatMap((before) => [...ready.get(before)!])) {
      begins.set(last, Math.max(begins.get(last) ?? 0, time));
    }
    ready.set(step.id, isSlow(step) ? endOfSlow(step, begins, justified) : later(begins, step.seconds));
  }
  return Math.max(0, ...[...ready.values()].flatMap((ends) => [...ends.values()]));
}

function endOfSlow(
  step: Step,
  begins: ReadonlyMap<Step | undefined, number>,
  justified: (series: Series) => boolean,
): Map<Step | undefined, number> {
  const waits = [...begins].filter(([last]) => last === undefined || justified({ earlier: last, later: step }));
  return new Map([[step, Math.max(...waits.map(([, time]) => time)) + step.seconds]]);
}

function later(times: ReadonlyMap<Step | undefined, number>, seconds: number): Map<Step | undefined, number> {
  return new Map([...times].map(([last, time]) => [last, time + seconds]));
}
