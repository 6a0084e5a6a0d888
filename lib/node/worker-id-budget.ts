import type { IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';

/** NocoBase gives ids 0 to 31 to the processes of a cluster (guide, "Worker ID Allocator"). */
const WORKER_IDS = 32;

/** What a fleet may hold. */
export interface FleetSize {
  /** The fleet as the caller writes it: `web`. */
  readonly prop: string;
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly processes: number;
  /** The surge of a rolling deployment, where the caller has fixed it. */
  readonly maximumPercent?: number;
}

/** How ECS may go about a rolling deployment. */
export interface DeploymentPercentages {
  readonly minimumHealthyPercent: number;
  readonly maximumPercent: number;
}

/**
 * Worker ids that a fleet can hold at one moment: every process of every task
 * that a rolling deployment allows to run, and of as many that are stopping,
 * which keep their ids until they have ended (ECS does not count them).
 */
export function workerIds(fleet: FleetSize, maximumPercent: number): number {
  return fleet.processes * (Math.floor((fleet.maxNodes * maximumPercent) / 100) + fleet.maxNodes);
}

/**
 * Deployment percentages with which a fleet stays inside the ids that the other
 * fleets leave: the widest surge up to 200%. Where even the smallest surge that
 * lets ECS start a node before it stops one does not fit, ECS stops one first.
 */
export function deploymentPercentages(
  scope: IConstruct,
  fleet: FleetSize,
  others: FleetSize[] = [],
): DeploymentPercentages {
  const held = others.map((other) => ({ other, ids: workerIds(other, other.maximumPercent ?? 200) }));
  const available = WORKER_IDS - held.reduce((sum, { ids }) => sum + ids, 0);
  const smallestSurge = 100 + Math.ceil(100 / fleet.minNodes);

  const fitting = fleet.maximumPercent ?? widestSurge(fleet, available);
  const needed = workerIds(fleet, fitting);
  if (needed > available) {
    const alternative = widestSurge(fleet, available);
    const largest = Math.floor(available / fleet.processes / 2);
    throw invalidProp(scope, {
      prop: `${fleet.prop}.maxNodes`,
      problem: `${fleet.maxNodes}${fleet.processes > 1 ? ` with ${fleet.processes} processes each` : ''} and a ${fitting}% rolling surge needs ${needed} worker ids, stopping nodes included, but NocoBase has ${WORKER_IDS} (0–31)${held.map(({ other, ids }) => `, of which \`${other.prop}\` may hold ${ids}`).join('')}`,
      remedy:
        workerIds(fleet, alternative) <= available
          ? `Leave \`${fleet.prop}.maximumPercent\` out, or set it to ${alternative}`
          : largest >= fleet.minNodes
            ? `Lower \`${fleet.prop}.maxNodes\` to ${largest}${fleet.processes > 1 ? ` or \`${fleet.prop}.processes\`` : ''}`
            : `Lower \`${fleet.prop}.${fleet.processes > 1 ? 'processes' : 'minNodes'}\``,
    });
  }
  return {
    maximumPercent: fitting,
    minimumHealthyPercent: fitting >= smallestSurge ? 100 : Math.floor((100 * (fleet.minNodes - 1)) / fleet.minNodes),
  };
}

function widestSurge(fleet: FleetSize, available: number): number {
  const surging = Math.floor(available / fleet.processes) - fleet.maxNodes;
  // The largest percentage p with floor(max × p / 100) <= surging.
  const widest = Math.ceil(((surging + 1) * 100) / fleet.maxNodes) - 1;
  return Math.min(200, Math.max(100, widest));
}
