import type { DBInstance } from '@aws-sdk/client-rds';
import { instanceOf } from '../operations/database';
import type { Fleet } from '../operations/fleets';
import { commandLine } from '../operations/options';
import { written } from '../operations/point';
import { Refusal } from '../refusal';
import { type Context, Stage } from './context';
import { isRestoredTo, KEPT, keptFor, memoryOf, rdsTag } from './marks';

/** Reads off AWS how far this restore has come. */
export async function stageOf(context: Context, fleets: readonly Fleet[]): Promise<Stage> {
  const { aws, instance, kept, point } = context;
  const memories = fleets.flatMap(({ tags }) => memoryOf(tags) ?? []);
  const other = memories.find(({ to }) => to !== written(point));
  if (other !== undefined) {
    throw new Refusal(
      `A restore to ${other.to} is under way and was not finished. Finish that one first:`,
      `  ${commandLine(`restore --to ${other.to}`, context.options)}`,
    );
  }
  const isUnderWay = memories.length > 0;
  const [now, before] = [await instanceOf(aws, instance), await instanceOf(aws, kept)];
  if (now && isRestoredTo(now.TagList, point)) return isUnderWay ? Stage.RESTORED : Stage.DONE;
  if (before) {
    checkOurs(before, context);
    if (now) {
      throw new Refusal(
        `There is ${kept}, which this command has kept, and a database ${instance} that it has not restored.`,
        'Somebody else has made that one. Nothing was changed. Find out which of the two holds your data; the handbook',
        '(docs/operations/restore.md, "By hand") says how to go on from there.',
      );
    }
    return Stage.RENAMING;
  }
  if (now) return now.DBInstanceStatus === 'renaming' ? Stage.RENAMING : isUnderWay ? Stage.STOPPING : Stage.NEW;
  // In the middle of being renamed an instance may answer to neither name.
  if (isUnderWay) return Stage.RENAMING;
  throw new Refusal(
    `There is no RDS instance ${instance} in ${aws.region}, which the stack ${context.cluster.stackName} says is its database.`,
  );
}

function checkOurs({ TagList }: DBInstance, { instance, kept, point }: Context) {
  if (rdsTag(TagList, KEPT) === keptFor(instance, point)) return;
  throw new Refusal(
    `There is an instance ${kept} already, which this command has not made. Rename or delete it; its name is needed.`,
  );
}
