import { type Faults, live } from './schedule';

/** What goes wrong in a row of lives; at most three of them. */
export async function lives(from: number, count: number, faults: Faults = {}): Promise<string[]> {
  const bad: string[] = [];
  for (let seed = from; seed < from + count && bad.length < 3; seed++) {
    const { broken, settled, trace } = await live(seed, faults);
    if (broken || !settled)
      bad.push(`life ${seed}: ${broken ?? 'what can run does not run in the end'}\n${trace.join('\n')}`);
  }
  return bad;
}

/** Lives that each file of tests is responsible for, so that they run side by side. */
export const LIVES = 5000;
