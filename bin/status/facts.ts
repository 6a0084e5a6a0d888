import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { Aws } from '../operations/aws';
import { type Cluster, isInMaintenance } from '../operations/cluster';
import { instanceOf, windowOf } from '../operations/database';
import { type Fleet, fleetsOf } from '../operations/fleets';
import { commandLine, type Options } from '../operations/options';
import { written } from '../operations/point';
import { restorePointsOf, supersededLines } from '../operations/restore-points';
import { partsOf, revisionOf } from '../operations/revisions';
import { Refusal } from '../refusal';
import { memoryOf } from '../restore/marks';

/** What could not be asked for, in a sentence; or what there is. */
export type Known<T> = { readonly unknown: string } | T;

export interface FleetFacts {
  readonly service: string;
  readonly running: number;
  readonly pending: number;
  readonly desired: number;
  readonly bounds?: { readonly min: number; readonly max: number };
  readonly deployments: readonly {
    readonly revision: number;
    readonly image: string;
    readonly generation?: string;
    readonly status: string;
    readonly rollout?: string;
    readonly running: number;
    readonly failed: number;
  }[];
}

export interface DatabaseFacts {
  readonly instance: string;
  readonly status: string;
  readonly backupRetentionDays: number;
  readonly restorableFrom?: string;
  readonly restorableTo?: string;
}

export interface PointFacts {
  readonly point: string;
  /** What began after it. */
  readonly generation: string;
  readonly restorable: 'yes' | 'soon' | 'no' | 'unknown';
  /** Whether it is of this cluster, and not of another that writes to the same log group. */
  readonly certain: boolean;
  readonly command: string;
}

/** All of it, as `--json` prints it. */
export interface Facts {
  readonly stack: string;
  readonly stackStatus: string;
  readonly region: string;
  readonly cluster: string;
  readonly fleets: Known<{ readonly list: readonly FleetFacts[] }>;
  readonly maintenance: Known<{ readonly on: boolean | null }>;
  /** A restore that was begun and not finished: its command. */
  readonly unfinishedRestore: string | null;
  /** What nodes say that stand by after a failed upgrade. */
  readonly superseded: Known<{ readonly line: string | null }>;
  readonly database: Known<{ readonly facts: DatabaseFacts | null }>;
  readonly restorePoints: Known<{ readonly list: readonly PointFacts[] }>;
  readonly alarms: Known<{ readonly list: readonly { readonly name: string; readonly reason: string }[] }>;
}

const POINTS_SHOWN = 5;

/** What somebody may not see is one sentence in its place, and the rest is there. */
async function known<T extends object>(ask: () => Promise<T>): Promise<Known<T>> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { unknown: error.message.split('\n')[0]! };
  }
}

export async function gather(aws: Aws, cluster: Cluster, options: Options, now: Date): Promise<Facts> {
  const [fleets, maintenance, superseded, database, alarms] = await Promise.all([
    known(async () => ({ list: await fleetsOf(aws, cluster) })),
    known(async () => ({ on: (await isInMaintenance(aws, cluster)) ?? null })),
    known(async () => ({ line: (await supersededLines(aws, cluster, now)) ?? null })),
    known(async () => ({ facts: await databaseFacts(aws, cluster, now) })),
    known(async () => ({ list: await alarming(aws, cluster) })),
  ]);
  const window = 'facts' in database ? database.facts : null;
  const families = 'list' in fleets ? fleets.list.map((each) => partsOf(each.taskDefinition).family) : undefined;
  const memory = 'list' in fleets ? fleets.list.flatMap(({ tags }) => memoryOf(tags) ?? [])[0] : undefined;
  return {
    stack: cluster.stackName,
    stackStatus: cluster.stackStatus,
    region: aws.region,
    cluster: cluster.prefix,
    fleets:
      'list' in fleets
        ? await known(async () => ({ list: await Promise.all(fleets.list.map((each) => fleetFacts(aws, each))) }))
        : fleets,
    maintenance,
    unfinishedRestore: memory ? commandLine(`restore --to ${memory.to}`, options) : null,
    superseded,
    database,
    restorePoints: await known(async () => ({ list: await points(aws, cluster, families, options, window, now) })),
    alarms,
  };
}

async function fleetFacts(aws: Aws, fleet: Fleet): Promise<FleetFacts> {
  const { service, running, pending, desired, bounds } = fleet;
  return {
    service,
    running,
    pending,
    desired,
    bounds,
    deployments: await Promise.all(
      fleet.deployments.map(async (deployment) => {
        const { image, generation } = await revisionOf(aws, deployment.taskDefinition!);
        return {
          revision: partsOf(deployment.taskDefinition!).revision,
          image,
          generation,
          status: deployment.status ?? '',
          rollout: deployment.rolloutState,
          running: deployment.runningCount ?? 0,
          failed: deployment.failedTasks ?? 0,
        };
      }),
    ),
  };
}

async function databaseFacts(aws: Aws, cluster: Cluster, now: Date): Promise<DatabaseFacts | null> {
  const { databaseInstance } = cluster;
  if (databaseInstance === undefined) return null;
  const instance = await instanceOf(aws, databaseInstance);
  if (instance === undefined) throw new Refusal(`There is no RDS instance ${databaseInstance}.`);
  const { earliest, latest } = await windowOf(aws, instance, now);
  return {
    instance: databaseInstance,
    status: instance.DBInstanceStatus ?? '',
    backupRetentionDays: instance.BackupRetentionPeriod ?? 0,
    restorableFrom: earliest && written(earliest),
    restorableTo: latest && written(latest),
  };
}

async function points(
  aws: Aws,
  cluster: Cluster,
  families: readonly string[] | undefined,
  options: Options,
  window: DatabaseFacts | null,
  now: Date,
): Promise<PointFacts[]> {
  const found = await restorePointsOf(aws, cluster, families, now);
  return found.slice(0, POINTS_SHOWN).map(({ point, generation, certain }) => ({
    point: written(point),
    generation,
    restorable: restorable(written(point), window),
    certain,
    command: commandLine(`restore --to ${written(point)}`, options),
  }));
}

function restorable(point: string, window: DatabaseFacts | null): PointFacts['restorable'] {
  if (window?.restorableFrom === undefined || window.restorableTo === undefined) return 'unknown';
  if (point < window.restorableFrom) return 'no';
  return point <= window.restorableTo ? 'yes' : 'soon';
}

async function alarming(aws: Aws, { alarms }: Cluster) {
  const found: { name: string; reason: string }[] = [];
  for (let start = 0; start < alarms.length; start += 100) {
    const { MetricAlarms = [], CompositeAlarms = [] } = await aws.cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: alarms.slice(start, start + 100),
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        StateValue: 'ALARM',
      }),
    );
    for (const { AlarmName = '', StateValue, StateReason = '', AlarmDescription } of [
      ...MetricAlarms,
      ...CompositeAlarms,
    ]) {
      if (StateValue === 'ALARM') found.push({ name: AlarmName, reason: AlarmDescription || StateReason });
    }
  }
  return found;
}
