import type { DBInstance } from '@aws-sdk/client-rds';
import { Refusal } from '../import-keys/refusal';
import type { Aws } from '../operations/aws';
import type { Window } from '../operations/database';
import type { Fleet } from '../operations/fleets';
import { commandLine } from '../operations/options';
import { written } from '../operations/point';
import { firstAfter, type RestorePoint, restorePointsOf } from '../operations/restore-points';
import { partsOf, type Revision, revisionBefore, revisionOf, revisionsOf } from '../operations/revisions';
import type { Context } from './context';
import type { Targets } from './nodes';

/** What came after the point, and what nodes are to be again therefore. */
export interface Return {
  readonly undone?: RestorePoint;
  readonly targets: Targets;
}

/** @param chosen `family:revision`, by somebody who knows better than the logs */
export async function returnOf(context: Context, fleets: readonly Fleet[], chosen: readonly string[]): Promise<Return> {
  const { aws, cluster, io, point } = context;
  const undone = firstAfter(await restorePointsOf(aws, cluster, io.now()), point);
  const targets = new Map<string, Revision>();
  const wanted = new Map(chosen.map((each) => [partsOf(each).family, each]));
  for (const { service, taskDefinition } of fleets) {
    const { family } = partsOf(taskDefinition);
    const byHand = wanted.get(family);
    wanted.delete(family);
    targets.set(service, await target(context, taskDefinition, undone, byHand));
  }
  if (wanted.size > 0) {
    throw new Refusal(
      `--revision ${[...wanted.values()].join(' ')}: no service of this cluster has nodes of that family.`,
      `They are ${fleets.map((fleet) => partsOf(fleet.taskDefinition).family).join(', ')}.`,
    );
  }
  return { undone, targets };
}

async function target(
  { aws, options, point }: Context,
  taskDefinition: string,
  undone: RestorePoint | undefined,
  byHand: string | undefined,
): Promise<Revision> {
  if (byHand !== undefined) return revisionOf(aws, byHand);
  const current = await revisionOf(aws, taskDefinition);
  if (undone === undefined) return current;
  const before = await revisionBefore(aws, current.family, undone);
  if (before !== undefined) return before;
  throw new Refusal(
    `Which version ran before "${undone.generation}" began cannot be told: no revision of ${current.family} of another`,
    `version was there at ${written(undone.at)}. Nothing was changed. Name the one whose nodes fit the database of that time:`,
    `  ${commandLine(`restore --to ${written(point)} --revision ${current.family}:<number>`, options)}`,
    'The last ones are:',
    ...(await lastOf(aws, current.family)),
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
  database: DBInstance,
  { latest }: Window,
  fleets: readonly Fleet[],
  { undone, targets }: Return,
): string[] {
  const isReached = latest !== undefined && latest >= point;
  const nodes = fleets.map(({ service, running, bounds, taskDefinition }) => {
    const to = targets.get(service)!;
    const from = partsOf(taskDefinition).revision;
    const change = to.revision === from ? `stay at revision ${from}` : `revision ${from} → ${to.revision}`;
    return `     ${service}: ${running} run${bounds ? `, bounds ${bounds.min}–${bounds.max}` : ''}; ${change} (${to.image})`;
  });
  return [
    `Takes ${cluster.stackName} (${aws.region}) back to ${written(point)}.`,
    '',
    undone
      ? `Undone: "${undone.generation}", which began after ${written(undone.point)}.`
      : 'No version of NocoBase began after that moment; nodes come back as they are.',
    'Everything that was written to the database after that moment is not in it any more. Files on the shared storage stay',
    'as they are today.',
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
    'Nothing is deleted. The endpoint, the user and the password stay the same.',
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
          `The password is managed by RDS (${database.MasterUserSecret.SecretArn}): the restored instance has that of the moment, and is not managed. If it was rotated since, set it to what the Secret says: aws rds modify-db-instance --master-user-password.`,
        ]
      : []),
    ...(database.ActivityStreamStatus && database.ActivityStreamStatus !== 'stopped'
      ? ['The database activity stream. Start it again.']
      : []),
    ...((database.DBInstanceAutomatedBackupsReplications ?? []).length > 0
      ? ['The replication of backups to another region. Start it again.']
      : []),
    ...(database.AwsBackupRecoveryPointArn ? ['Continuous backups of AWS Backup begin anew.'] : []),
    ...(Object.keys(database.PendingModifiedValues ?? {}).length > 0
      ? [`Changes that are pending: ${Object.keys(database.PendingModifiedValues ?? {}).join(', ')}.`]
      : []),
    ...((database.TagList ?? []).some(({ Key = '' }) => Key.startsWith('aws:'))
      ? ['Tags that AWS sets itself (aws:…). CloudFormation finds the instance by its name.']
      : []),
  ];
}
