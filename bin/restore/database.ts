import {
  AddRoleToDBInstanceCommand,
  AddTagsToResourceCommand,
  type DBInstance,
  ModifyDBInstanceCommand,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { instanceOf } from '../operations/database';
import { written } from '../operations/point';
import { type Sight, until } from '../operations/terminal';
import { Refusal } from '../refusal';
import { checkPending, isBeingRenamed } from './checks';
import type { Context } from './context';
import { KEPT, keptFor, RESTORED } from './marks';
import { changes, missingRoles, restoreSettings } from './properties';

/** Until RDS has everything up to the point. */
export async function waitForPoint({ aws, io, instance, point }: Context) {
  await until(io, async () => {
    const latest = (await instanceOf(aws, instance))?.LatestRestorableTime;
    return latest !== undefined && latest >= point
      ? { seen: `RDS can restore up to ${written(latest)}`, done: true }
      : { seen: `RDS can restore up to ${latest ? written(latest) : 'nothing yet'}; the point is ${written(point)}` };
  });
}

/** Gives the instance its other name. AWS says that this takes about ten minutes. */
export async function rename({ aws, io, instance, kept, point }: Context) {
  const there = await instanceOf(aws, instance);
  if (there && !isBeingRenamed(there, kept)) {
    checkPending(there, kept);
    await aws.rds.send(
      new AddTagsToResourceCommand({
        ResourceName: there.DBInstanceArn,
        Tags: [{ Key: KEPT, Value: keptFor(instance, point) }],
      }),
    );
    await aws.rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: instance,
        NewDBInstanceIdentifier: kept,
        ApplyImmediately: true,
      }),
    );
  }
  await until(io, async () => {
    const [old, renamed] = [await instanceOf(aws, instance), await instanceOf(aws, kept)];
    return renamed?.DBInstanceStatus === 'available' && old === undefined
      ? { seen: `${kept} is available`, done: true }
      : { seen: `${instance} becomes ${kept} (${renamed?.DBInstanceStatus ?? old?.DBInstanceStatus ?? 'renaming'})` };
  });
}

/** Makes the instance of the point, under the old name. */
export async function restore(context: Context) {
  const { aws, instance, kept, point } = context;
  const before = await keptInstance(context);
  await aws.rds.send(
    new RestoreDBInstanceToPointInTimeCommand({
      SourceDBInstanceIdentifier: kept,
      TargetDBInstanceIdentifier: instance,
      RestoreTime: point,
      ...restoreSettings(before),
      Tags: [
        ...(before.TagList ?? []).filter(({ Key = '' }) => !Key.startsWith('aws:') && Key !== KEPT && Key !== RESTORED),
        { Key: RESTORED, Value: written(point) },
      ],
    }),
  );
}

export async function waitUntilAvailable({ aws, io, instance }: Context): Promise<DBInstance> {
  return until(io, async (): Promise<Sight<DBInstance>> => {
    const now = await instanceOf(aws, instance);
    const status = now?.DBInstanceStatus ?? 'not there yet';
    if (/^(failed|incompatible-\S+|storage-full|restore-error)$/.test(status)) {
      throw new Refusal(
        `The restored database ${instance} is ${status}, which it does not leave by itself. aws rds describe-events says why:`,
        `  aws rds describe-events --source-type db-instance --source-identifier ${instance} --duration 120`,
        'The data of before is untouched in the instance that was kept. docs/operations/restore.md, "By hand", goes on from here.',
      );
    }
    return { seen: `${instance} is ${status}`, done: now && status === 'available' ? now : undefined };
  });
}

/** Sets what RDS takes only afterwards, and what it has not taken. @returns both, as they are in the end */
export async function makeAlike(context: Context): Promise<{ before?: DBInstance; now: DBInstance }> {
  const { aws, io, instance, kept } = context;
  const now = await waitUntilAvailable(context);
  const before = await instanceOf(aws, kept);
  if (before === undefined) return { now };
  const settings = changes(before, now);
  const roles = missingRoles(before, now);
  if (Object.keys(settings).length === 0 && roles.length === 0) return { before, now };
  io.say(
    `  sets what a restore does not take over: ${[...Object.keys(settings), ...roles.map(({ FeatureName }) => `role for ${FeatureName}`)].join(', ')}`,
  );
  if (Object.keys(settings).length > 0) {
    await aws.rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: instance, ApplyImmediately: true, ...settings }),
    );
  }
  for (const { RoleArn, FeatureName } of roles) {
    await aws.rds.send(
      new AddRoleToDBInstanceCommand({ DBInstanceIdentifier: instance, RoleArn, FeatureName: FeatureName ?? '' }),
    );
  }
  return { before, now: await waitUntilSettled(context, before) };
}

/** RDS says `available` for a while before it begins with a change; what waits for a restart it may never apply. */
const LOOKS_BEFORE_IT_BEGINS = 6;
const LOOKS_AT_MOST = 90;

async function waitUntilSettled({ aws, io, instance }: Context, before: DBInstance): Promise<DBInstance> {
  let looks = 0;
  return until(io, async (): Promise<Sight<DBInstance>> => {
    looks += 1;
    const now = await instanceOf(aws, instance);
    const pending = Object.keys(now?.PendingModifiedValues ?? {});
    const status = now?.DBInstanceStatus ?? 'not there';
    const isAlike = now !== undefined && Object.keys(changes(before, now)).length === 0;
    const isSettled = pending.length === 0 && (isAlike || looks > LOOKS_BEFORE_IT_BEGINS);
    return {
      seen: `${instance} is ${status}${pending.length > 0 ? `, with changes to come: ${pending.join(', ')}` : ''}`,
      done: status === 'available' && (isSettled || looks > LOOKS_AT_MOST) ? now : undefined,
    };
  });
}

async function keptInstance({ aws, kept }: Context): Promise<DBInstance> {
  const found = await instanceOf(aws, kept);
  if (found) return found;
  throw new Refusal(`The instance ${kept}, which holds the data to restore from, is gone. Nothing can be restored.`);
}
