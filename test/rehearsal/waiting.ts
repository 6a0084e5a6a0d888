import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything here takes, unless it hangs. */
const LIMIT = 240_000;
const PAUSE = 50;

/** Waits until something is so. @returns how long that took, in milliseconds */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limit = LIMIT): Promise<number> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > limit) throw new Error(`After ${seconds(limit)} it is still not so: ${what}.`);
    await sleep(PAUSE);
  }
  return performance.now() - began;
}

/** For people. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
