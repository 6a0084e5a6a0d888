import { paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { Aws } from './aws';
import type { Cluster } from './cluster';
import { pointOf } from './point';

/** What a node noted when it began another generation of NocoBase. */
export interface RestorePoint {
  /** The database as the generation before left it. */
  readonly point: Date;
  /** What began. */
  readonly generation: string;
  /** When it said so. */
  readonly at: Date;
  /** Of which task definition it was; nodes of earlier versions of this library do not say it. */
  readonly family?: string;
  readonly revision?: number;
  /** Whether it is of this cluster, and not of another one that writes to the same log group. */
  readonly certain: boolean;
}

/** RDS keeps backups for no longer. */
const LONGEST_RETENTION_MS = 35 * 24 * 3_600_000;

const LINE = /begins "(.*?)" on this database.*Restore point: (.+?)(?:, of revision ([\w-]+):(\d+))?\s*$/;

/**
 * From the logs of the nodes, the newest first. Several tries of one generation are one. Without those of other clusters.
 * @param families of the task definitions of the cluster; undefined: not known
 */
export async function restorePointsOf(
  aws: Aws,
  { logGroup, ownsLogGroup }: Cluster,
  families: readonly string[] | undefined,
  now: Date,
): Promise<RestorePoint[]> {
  const found: RestorePoint[] = [];
  const pages = paginateFilterLogEvents(
    { client: aws.logs },
    {
      logGroupName: logGroup,
      startTime: now.getTime() - LONGEST_RETENTION_MS,
      filterPattern: '"Restore point:"',
    },
  );
  for await (const { events = [] } of pages) {
    for (const { message = '', timestamp = 0 } of events) {
      const [, generation, text, family, revision] = LINE.exec(message) ?? [];
      const point = text === undefined ? undefined : pointOf(text);
      if (generation === undefined || point === undefined) continue;
      const isKnown = family !== undefined && families !== undefined;
      if (isKnown && !families.includes(family)) continue;
      found.push({
        generation,
        point,
        at: new Date(timestamp),
        certain: isKnown || ownsLogGroup,
        ...(family === undefined ? {} : { family, revision: Number(revision) }),
      });
    }
  }
  found.sort((a, b) => a.at.getTime() - b.at.getTime());
  const isFirst = ({ point, generation }: RestorePoint, index: number) =>
    found.findIndex((other) => other.generation === generation && +other.point === +point) === index;
  return found.filter(isFirst).reverse();
}

/** What of those was the first to change the database after a moment. */
export function firstAfter(points: readonly RestorePoint[], moment: Date): RestorePoint | undefined {
  return points
    .filter(({ point }) => point >= moment)
    .reduce<RestorePoint | undefined>((first, each) => (first && first.at <= each.at ? first : each), undefined);
}

/** Nodes that stand by because a newer generation was given up, as they say it. */
export async function supersededLines(aws: Aws, { logGroup }: Cluster, now: Date): Promise<string | undefined> {
  let last: string | undefined;
  const pages = paginateFilterLogEvents(
    { client: aws.logs },
    {
      logGroupName: logGroup,
      // They repeat it every 30 seconds.
      startTime: now.getTime() - 3 * 60_000,
      filterPattern: '"is superseded:"',
    },
  );
  for await (const { events = [] } of pages) last = events.at(-1)?.message ?? last;
  return last?.replace(/^.*\[launcher\] /, '').trim();
}
