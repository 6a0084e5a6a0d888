import type { DBInstance } from '@aws-sdk/client-rds';
import { type Cluster, findCluster, isInMaintenance } from '../operations/cluster';
import { type Window, windowOf } from '../operations/database';
import { commandLine } from '../operations/options';
import { written } from '../operations/point';
import { Refusal } from '../refusal';
import { type Context, Stage } from './context';
import { RESTORED, rdsTag } from './marks';

/** At every stage: what a deployment does at the same time cannot be foreseen. */
export function checkStack({ stackName, stackStatus }: Cluster) {
  if (!stackStatus.endsWith('_IN_PROGRESS')) return;
  throw new Refusal(
    `CloudFormation is at work on the stack ${stackName} (${stackStatus}). A restore beside it would be undone or broken.`,
    'Wait until it is through; aws cloudformation cancel-update-stack ends an update that hangs. Then run this again.',
  );
}

/** Of a database that can be taken back in place. */
export function checkedInstance({ databaseInstance, stackName }: Cluster): string {
  if (databaseInstance !== undefined) return databaseInstance;
  throw new Refusal(
    `The database of the stack ${stackName} is no RDS instance that this command knows of (there is no output`,
    'DatabaseInstance): an Aurora cluster, a proxy, or a server by its address. Nothing was changed.',
    'docs/operations/restore.md, "Other databases", says how to take it back by hand.',
  );
}

export function checkKind({ DBInstanceIdentifier: id, DBClusterIdentifier, Engine, ...instance }: DBInstance) {
  if (DBClusterIdentifier !== undefined) {
    throw new Refusal(
      `${id} belongs to the cluster ${DBClusterIdentifier} (${Engine}), which is restored as a whole and under another`,
      'endpoint. docs/operations/restore.md, "Other databases", says how to take it back by hand.',
    );
  }
  if (instance.ReadReplicaSourceDBInstanceIdentifier !== undefined) {
    throw new Refusal(
      `${id} is a replica of ${instance.ReadReplicaSourceDBInstanceIdentifier}. Restore that one, by hand.`,
    );
  }
}

/** A rename that is to happen at once makes everything happen at once that waits for the maintenance window. */
export function checkPending(instance: DBInstance, kept: string) {
  const { DBInstanceIdentifier: id, PendingModifiedValues = {} } = instance;
  if (isBeingRenamed(instance, kept)) return;
  const pending = Object.keys(PendingModifiedValues);
  if (pending.length === 0) return;
  throw new Refusal(
    `Changes of ${id} wait for its maintenance window: ${pending.join(', ')}. To rename it would make them now.`,
    'Make them first, and wait until none is left; or take them back, by changing to what is there:',
    `  aws rds modify-db-instance --db-instance-identifier ${id} --apply-immediately`,
  );
}

/** Whether RDS has been told, and has perhaps not begun. */
export function isBeingRenamed({ DBInstanceStatus, PendingModifiedValues }: DBInstance, kept: string): boolean {
  return DBInstanceStatus === 'renaming' || PendingModifiedValues?.DBInstanceIdentifier === kept;
}

/** Everything on an instance goes back, whoever else has data there. */
export function checkShared({ cluster, instance, options, point }: Context, wholeInstance: boolean) {
  if (cluster.ownsDatabase || wholeInstance) return;
  throw new Refusal(
    `${instance} was not made by the stack ${cluster.stackName} for this cluster alone. A restore takes back the whole`,
    'instance: all databases on it, of every application that uses it. Nothing was changed. If that is what you want:',
    `  ${commandLine(`restore --to ${written(point)} --whole-instance`, options)}`,
    'If not: docs/operations/restore.md, "Other databases", says how to take back one database of several.',
  );
}

/** Neither a deployment nor maintenance, which would start nodes. */
export async function checkQuiet({ aws, options }: Context) {
  const cluster = await findCluster(aws, options);
  checkStack(cluster);
  if ((await isInMaintenance(aws, cluster)) !== true) return;
  throw new Refusal(
    'Maintenance is on, and its end would start nodes in the middle of a restore. End it first:',
    `  ${commandLine('maintenance end', options)}`,
    'That waits until the node answers. If it does not come back:',
    `  ${commandLine('maintenance end --force', options)}`,
  );
}

/** Before the instance is renamed. */
export async function checkDatabase(context: Context, instance: DBInstance, stage: Stage): Promise<Window> {
  const { aws, io, point, options } = context;
  const { DBInstanceIdentifier: id, DBInstanceStatus: status, BackupRetentionPeriod: days } = instance;
  checkKind(instance);
  if (status !== 'available' && !(stage !== Stage.NEW && status === 'modifying')) {
    throw new Refusal(`The database ${id} is ${status}. It has to be available; wait for it, then run this again.`);
  }
  if (!days) {
    throw new Refusal(
      `The database ${id} has no automated backups (backup retention is 0), so RDS cannot restore it to any moment.`,
      'If there is a snapshot: Database.fromSnapshot. Switch backups on before the next upgrade.',
    );
  }
  const now = io.now();
  const window = await windowOf(aws, instance, now);
  if (point > now) {
    throw new Refusal(`${written(point)} has not come yet: it is ${written(now)}, in UTC. Restore points are past.`);
  }
  if (window.earliest !== undefined && point < window.earliest) {
    const kept = rdsTag(instance.TagList, RESTORED) !== undefined;
    throw new Refusal(
      `RDS can restore ${id} to ${written(window.earliest)} and later; ${written(point)} is before that.`,
      ...(kept
        ? ['It was restored itself. What was before is in the instance that was kept then, as long as that is there.']
        : [`Backups are kept for ${days} days.`]),
      `${commandLine('status', options)} lists the restore points there are.`,
    );
  }
  checkPending(instance, context.kept);
  await checkQuiet(context);
  return window;
}
