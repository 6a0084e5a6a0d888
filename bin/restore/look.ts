import type { DBInstance } from '@aws-sdk/client-rds';
import { findCluster } from '../operations/cluster';
import { instanceOf, type Window } from '../operations/database';
import { type Fleet, fleetsOf } from '../operations/fleets';
import { commandLine } from '../operations/options';
import { written } from '../operations/point';
import { Refusal } from '../refusal';
import { checkDatabase } from './checks';
import type { Context, Stage } from './context';
import { memoryOf } from './marks';
import { type Return, returnOf } from './plan';

/** How many web nodes there are to be. */
export interface Nodes {
  readonly min: number;
  readonly max: number;
}

/** What a plan is made of. */
export interface Seen {
  readonly database: DBInstance;
  readonly window: Window;
  readonly fleets: readonly Fleet[];
  readonly back: Return;
}

export async function look(
  context: Context,
  stage: Stage,
  { revisions, nodes }: { readonly revisions: readonly string[]; readonly nodes?: Nodes },
): Promise<Seen> {
  const { aws, options, instance } = context;
  const database = await instanceOf(aws, instance);
  if (database === undefined) throw new Refusal(`${instance} is not there any more. Nothing was changed.`);
  const window = await checkDatabase(context, database, stage);
  const fleets = withNodes(context, await fleetsOf(aws, await findCluster(aws, options)), nodes);
  return { database, window, fleets, back: await returnOf(context, fleets, revisions) };
}

/** Who comes back to no nodes would wait for them for ever. */
export function withNodes(context: Context, [web, ...rest]: readonly Fleet[], nodes?: Nodes): Fleet[] {
  const { service, bounds, desired, tags } = web!;
  if (memoryOf(tags) !== undefined) return [web!, ...rest];
  if (nodes !== undefined) return [{ ...web!, bounds: bounds && nodes, desired: nodes.min }, ...rest];
  const isNone = bounds ? bounds.max === 0 || (bounds.min === 0 && desired === 0) : desired === 0;
  if (!isNone) return [web!, ...rest];
  throw new Refusal(
    `${service} is to have no nodes today (${bounds ? `bounds ${bounds.min}–${bounds.max}, ` : ''}${desired} wanted), and would come back with none.`,
    'Nothing was changed. Say between how many it is to come back with:',
    `  ${commandLine(`restore --to ${written(context.point)} --nodes 2-4`, context.options)}`,
  );
}

/** Somebody has read the plan, and perhaps thought about it for an hour. */
export function checkSame(before: Seen, now: Seen) {
  const [was, is] = [told(before), told(now)];
  const names = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name));
  if (names.length === 0) return;
  throw new Refusal(
    'The cluster is not any more what the plan says. Nothing was changed. Run this again.',
    ...names.map((name) => `  ${name}: ${was.get(name) ?? 'not there'} → ${is.get(name) ?? 'not there'}`),
  );
}

function told({ database, fleets, back: { undone, targets } }: Seen): ReadonlyMap<string, string> {
  return new Map([
    [`database ${database.DBInstanceIdentifier}`, database.DbiResourceId ?? ''],
    ['undone', undone?.generation ?? 'nothing'],
    ...fleets.flatMap(({ service, bounds, suspended, taskDefinition }): [string, string][] => [
      [`revision of ${service}`, taskDefinition],
      [`revision that ${service} comes back with`, targets.get(service)?.arn ?? ''],
      [`bounds of ${service}`, bounds ? `${bounds.min}–${bounds.max}` : 'none'],
      [`suspended of ${service}`, suspended.join(', ') || 'nothing'],
    ]),
  ]);
}
