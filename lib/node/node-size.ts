import type { IConstruct } from 'constructs';
import { invalidProp, refuseToken } from '../invalid-prop';

/** CPU units of Fargate and the memory (MiB) that goes with them: from, to, step. */
const SIZES: ReadonlyMap<number, readonly [from: number, to: number, step: number]> = new Map([
  [1024, [2048, 8192, 1024]],
  [2048, [4096, 16384, 1024]],
  [4096, [8192, 30720, 1024]],
  [8192, [16384, 61440, 4096]],
  [16384, [32768, 122880, 8192]],
] as const);

export interface NodeSize {
  readonly cpu: number;
  readonly memoryLimitMiB: number;
}

/**
 * The size of a node, which NocoBase recommends unless another is given. Refuses what Fargate or NocoBase (1 vCPU,
 * 2 GiB and up) cannot run on; CDK finds out at deployment only.
 */
export function nodeSize(
  scope: IConstruct,
  prop: string,
  onEc2: boolean,
  { cpu = 2048, memoryLimitMiB = 4096 }: Partial<NodeSize> = {},
): NodeSize {
  refuseToken(scope, `${prop}.cpu`, cpu);
  refuseToken(scope, `${prop}.memoryLimitMiB`, memoryLimitMiB);
  if (onEc2) {
    atLeast(scope, `${prop}.cpu`, cpu, 1024, 'CPU units');
    atLeast(scope, `${prop}.memoryLimitMiB`, memoryLimitMiB, 2048, 'MiB');
    return { cpu, memoryLimitMiB };
  }
  const memory = SIZES.get(cpu);
  if (!memory) {
    throw invalidProp(scope, {
      prop: `${prop}.cpu`,
      problem: `must be one of ${[...SIZES.keys()].join(', ')} CPU units, got: ${cpu}`,
      remedy: 'NocoBase needs at least 1 vCPU (1024) and recommends 2 (2048)',
    });
  }
  const [from, to, step] = memory;
  if (memoryLimitMiB < from || memoryLimitMiB > to || memoryLimitMiB % step !== 0) {
    throw invalidProp(scope, {
      prop: `${prop}.memoryLimitMiB`,
      problem: `must be between ${from} and ${to} in steps of ${step} with ${cpu} CPU units, got: ${memoryLimitMiB}`,
      remedy: `Use e.g. ${Math.max(from, 4096)}`,
    });
  }
  return { cpu, memoryLimitMiB };
}

/** Instances take any size that fits on them. */
function atLeast(scope: IConstruct, prop: string, given: number, smallest: number, unit: string) {
  if (!Number.isInteger(given) || given < smallest) {
    throw invalidProp(scope, {
      prop,
      problem: `must be a whole number of at least ${smallest} ${unit}, got: ${given}`,
      remedy: 'NocoBase needs at least 1 vCPU and 2 GiB, and recommends 2 vCPU and 4 GiB',
    });
  }
}
