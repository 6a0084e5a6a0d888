import type { DBInstance } from '@aws-sdk/client-rds';
import type { Aws } from '../operations/aws';
import type { Fleet } from '../operations/fleets';
import { commandLine } from '../operations/options';
import { written } from '../operations/point';
import { firstAfter, type RestorePoint, restorePointsOf } from '../operations/restore-points';
import { changedSince, partsOf, type Revision, revisionBefore, revisionOf, revisionsOf } from '../operations/revisions';
import { Refusal } from '../refusal';
import type { Context } from './context';
import type { Seen } from './look';
import { memoryOf } from './marks';
import type { Targets } from './nodes';

/** What came after the point, and what nodes are to be again therefore. */
export interface Return {
  readonly undone?: RestorePoint;
  readonly targets: Targets;
}

/** @param chosen `family:revision`, by somebody who knows better than the logs */
export async function returnOf(context: Context, fleets: readonly Fleet[], chosen: readonly string[]): Promise<Return> {
  const { aws, cluster, io, point } = context;
  const families = fleets.map(({ taskDefinition }) => partsOf(taskDefinition).family);
  const undone = firstAfter(await restorePointsOf(aws, cluster, families, io.now()), point);
  const targets = new Map<string, Revision>();
  const wanted = new Map(chosen.map((each) => [partsOf(each).family, each]));
  for (const { service, taskDefinition, tags } of fleets) {
    const { family } = partsOf(taskDefinition);
    const byHand = wanted.get(family);
    wanted.delete(family);
    // What is remembered was chosen when the restore began.
    if (memoryOf(tags) === undefined) targets.set(service, await target(context, taskDefinition, undone, byHand));
  }
  if (wanted.size > 0) {
    throw new Refusal(
      `--revision ${[...wanted.values()].join(' ')}: no service of this cluster has nodes of that family.`,
      `They are ${families.join(', ')}.`,
    );
  }
  return { undone, targets };
}

/** Logs may be gone, or be those of others: what they say has to fit what ECS knows. */
async function target(
  context: Context,
  taskDefinition: string,
  undone: RestorePoint | undefined,
  byHand: string | undefined,
): Promise<Revision> {
  const { aws, cluster, point } = context;
  if (byHand !== undefined) return revisionOf(aws, byHand);
  const current = await revisionOf(aws, taskDefinition);
  const { family } = current;
  const moment = written(point);
  if (undone === undefined) {
    const { another, isYounger } = await changedSince(aws, family, current.generation, point);
    if (!another && !isYounger) return current;
    return unknown(
      context,
      family,
      `Revisions of ${family} were made or taken away after ${moment}, and the logs (${cluster.logGroup}) have no line of a`,
      'version that began then: they may be gone by now.',
    );
  }
  const { generation, at, certain } = undone;
  if (!certain) {
    return unknown(
      context,
      family,
      `"${generation}" began on a database at ${written(at)}, but other clusters may write to ${cluster.logGroup} too, and the`,
      'line does not say of which it is.',
    );
  }
  const before = await revisionBefore(aws, family, undone);
  if (before === undefined) {
    return unknown(
      context,
      family,
      `No revision of ${family} of another version was there when "${generation}" began (${written(at)}).`,
    );
  }
  if (!(await changedSince(aws, family, before.generation, point)).isYounger) return before;
  return unknown(
    context,
    family,
    `Before "${generation}" began, ${family}:${before.revision} ran, which was made after ${moment} itself. The logs`,
    `(${cluster.logGroup}) do not reach back to what began then.`,
  );
}

async function unknown({ aws, options, point }: Context, family: string, ...why: string[]): Promise<never> {
  throw new Refusal(
    'Which version ran at that time cannot be told.',
    ...why,
    'Nothing was changed. A newer version would upgrade the restored database again. Name the one that fits it:',
    `  ${commandLine(`restore --to ${written(point)} --revision ${family}:<number>`, options)}`,
    'The last ones are:',
    ...(await lastOf(aws, family)),
  );
}

const SHOWN = 8;

async function lastOf(aws: Aws, family: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { revision, image, definition } of revisionsOf(aws, family)) {
    const since = definition.registeredAt ? `  since ${written(definition.registeredAt)}` : '';
    lines.push(`  ${family}:${revision}  ${image}${since}`);
    if (lines.length === SHOWN) break;
  }
  return lines;
}

/** What is going to happen, for whoever has to say yes. */
export function planned(
  { cluster, instance, kept, point, aws }: Context,
  { database, window: { latest }, fleets, back: { undone, targets } }: Seen,
): string[] {
  const isReached = latest !== undefined && latest >= point;
  const nodes = fleets.map(({ service, running, bounds, taskDefinition }) => {
    const to = targets.get(service)!;
    const from = partsOf(taskDefinition).revision;
    const change = to.revision === from ? `stay at revision ${from}` : `revision ${from} → ${to.revision}`;
    const within = bounds ? `, bounds ${bounds.min}–${bounds.max}` : '';
    return `     ${service}: ${running} run now${within}; ${change} (${to.image})`;
  });
  return [
    `Takes ${cluster.stackName} (${aws.region}) back to ${written(point)}.`,
    '',
    undone
      ? `Undone: "${undone.generation}", which began after ${written(undone.point)}.`
      : 'No version of NocoBase began after that moment; nodes come back as they are.',
    'Everything that was written to the database after that moment is not in it any more. Files on the shared storage stay',
    'as they are today.',
    ...(cluster.ownsDatabase
      ? []
      : [
          '',
          `THE WHOLE INSTANCE ${instance} GOES BACK, and this stack has not made it for this cluster alone: all databases on it,`,
          'of every application that uses it. Stop these, too: they lose their connections and what they wrote since.',
        ]),
    '',
    ...(isReached ? [] : ['  0. Waits until RDS can restore to that moment, some minutes after it.']),
    '  1. Stops all nodes. Users see an error page until the end.',
    `  2. Renames the database ${instance}`,
    `     to ${kept}, and keeps it. About 10 minutes.`,
    `  3. Restores it as ${instance}, ${database.AllocatedStorage} GiB, with the settings of today. 15 minutes to hours, by its size.`,
    '  4. Starts the nodes again:',
    ...nodes,
    ...notCarriedOver(database).map((line, index) =>
      index === 0 ? `\nAWS does not carry over:\n  - ${line}` : `  - ${line}`,
    ),
    '',
    'Nothing is deleted. The endpoint and the user stay the same.',
    ...password(instance, point),
  ];
}

/** It is in the database, not in what is restored of its settings. */
export function password(instance: string, point: Date): string[] {
  return [
    `The password is that of ${written(point)}. If the Secret was rotated since, nodes cannot connect until it is that again:`,
    `  aws rds modify-db-instance --db-instance-identifier ${instance} --apply-immediately --master-user-password <that of the Secret>`,
  ];
}

/** What a restored instance cannot have of the one before (Amazon RDS user guide). */
export function notCarriedOver(database: DBInstance): string[] {
  const replicas = database.ReadReplicaDBInstanceIdentifiers ?? [];
  return [
    `The resource id (${database.DbiResourceId}): IAM policies for database users and dashboards of Performance Insights that name it.`,
    'Automated backups: they stay with the instance that is kept. Those of the restored one begin anew.',
    ...(replicas.length > 0 ? [`Read replicas: ${replicas.join(', ')} stay with the instance that is kept.`] : []),
    ...(database.MasterUserSecret
      ? [
          `The password is managed by RDS (${database.MasterUserSecret.SecretArn}): the restored instance has that of the moment, and is not managed.`,
        ]
      : []),
    ...(database.ActivityStreamStatus && database.ActivityStreamStatus !== 'stopped'
      ? ['The database activity stream. Start it again.']
      : []),
    ...((database.DBInstanceAutomatedBackupsReplications ?? []).length > 0
      ? ['The replication of backups to another region. Start it again.']
      : []),
    ...(database.AwsBackupRecoveryPointArn ? ['Continuous backups of AWS Backup begin anew.'] : []),
    ...((database.TagList ?? []).some(({ Key = '' }) => Key.startsWith('aws:'))
      ? ['Tags that AWS sets itself (aws:…). CloudFormation finds the instance by its name.']
      : []),
  ];
}
