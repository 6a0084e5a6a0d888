import { command } from '../command';
import { type Aws, connect } from '../operations/aws';
import { findCluster } from '../operations/cluster';
import { instanceOf } from '../operations/database';
import { fleetsOf } from '../operations/fleets';
import { COMMON_HELP, commandLine, type Options, parseCommandLine, type Values } from '../operations/options';
import { pointOf, written } from '../operations/point';
import { revisionOf } from '../operations/revisions';
import { interruptible, type Terminal, terminal } from '../operations/terminal';
import { Refusal } from '../refusal';
import { checkedInstance, checkKind, checkShared, checkStack } from './checks';
import { type Context, Stage } from './context';
import { makeAlike, rename, restore, waitForPoint, waitUntilAvailable } from './database';
import { checkSame, look, type Nodes } from './look';
import { keptName } from './marks';
import { comeBack, holdAtZero, holdStrangers, toZero } from './nodes';
import { planned } from './plan';
import { comparison, done, next } from './report';
import { stageOf } from './stage';

const HELP = `Usage: cdk-nocobase restore --stack <name> --to <restore point> [options]

Takes a cluster back to a restore point, in place: stops the nodes, keeps the database under another name, restores it
under its own, and starts the nodes of the version that ran at that time. Deletes nothing. Can be interrupted, and goes
on when the same command is given again. status lists the restore points.

  --to <moment>      in UTC or with an offset, e.g. 2026-01-31T04:05:06Z
${COMMON_HELP}  --revision <family:number>
                     the task definition that the nodes come back with, where logs and ECS do not tell it; for each
                     family once
  --nodes <min-max>  how many web nodes come back, where there are none today, e.g. 2-4
  --whole-instance   the database is on an instance that others may use: take back all that is on it
  --yes              do not ask
`;

/** What somebody wants. */
export interface Request {
  readonly point: Date;
  readonly revisions: readonly string[];
  readonly nodes?: Nodes;
  readonly wholeInstance?: boolean;
  readonly yes: boolean;
}

/** `cdk-nocobase restore`. */
export const restoreCommand = command('take a cluster back to a restore point, in place', HELP, async (args) => {
  const line = parseCommandLine('restore', args, {
    to: { type: 'string' },
    revision: { type: 'string', multiple: true },
    nodes: { type: 'string' },
    'whole-instance': { type: 'boolean' },
    yes: { type: 'boolean' },
  });
  if (line === undefined) return false;
  const request = requestOf(line.values, line.words);
  const again = `Interrupted. What AWS has begun goes on. Go on from there with the same command:\n  ${commandLine(`restore --to ${written(request.point)}`, line.options)}`;
  await interruptible(again, async () => takeBack(await connect(line.options), terminal, line.options, request));
  return true;
});

export function requestOf({ to, revision, nodes, yes, ...values }: Values, words: readonly string[]): Request {
  if (words.length > 0) throw new Refusal('restore takes no words, only options. Say --to before the moment.');
  if (to === undefined) {
    throw new Refusal('To which moment? Say --to 2026-01-31T04:05:06Z, for example. status lists the restore points.');
  }
  const point = pointOf(String(to));
  if (point === undefined) {
    throw new Refusal(
      `--to ${to} is no moment. Write date, time and zone, e.g. 2026-01-31T04:05:06Z, or as the log of the nodes has it.`,
    );
  }
  const revisions = (revision ?? []) as string[];
  const wrong = revisions.find((each) => !/^[\w-]+:[1-9]\d*$/.test(each));
  if (wrong !== undefined) throw new Refusal(`--revision ${wrong}: write family and number, e.g. NocoBaseWeb:7.`);
  return {
    point,
    revisions,
    nodes: nodes === undefined ? undefined : nodesOf(String(nodes)),
    wholeInstance: values['whole-instance'] === true,
    yes: yes === true,
  };
}

function nodesOf(text: string): Nodes {
  const [, min, max] = /^([1-9]\d{0,3})-([1-9]\d{0,3})$/.exec(text) ?? [];
  if (min !== undefined && Number(min) <= Number(max)) return { min: Number(min), max: Number(max) };
  throw new Refusal(`--nodes ${text}: write the least and the most, e.g. 2-4 (minNodes and maxNodes of the cluster).`);
}

/** All of it, from wherever it was left. */
export async function takeBack(aws: Aws, io: Terminal, options: Options, request: Request): Promise<void> {
  const cluster = await findCluster(aws, options);
  const instance = checkedInstance(cluster);
  const { point } = request;
  const context: Context = { aws, io, cluster, options, point, instance, kept: keptName(instance, point) };
  checkStack(cluster);
  const there = await instanceOf(aws, instance);
  if (there) checkKind(there);
  const fleets = await fleetsOf(aws, cluster);
  const stage = await stageOf(context, fleets);
  if (stage === Stage.DONE) {
    for (const line of done(context, there!, await instanceOf(aws, context.kept))) io.say(line);
    const { service, running } = fleets[0]!;
    if (running > 0) return;
    throw new Refusal(
      `But no node of ${service} runs. Its events say why: aws ecs describe-services --cluster ${cluster.ecsCluster} --services ${service}`,
    );
  }
  if (stage === Stage.NEW || stage === Stage.STOPPING) {
    await stop(context, stage, request);
  } else {
    io.say(`Goes on with the restore of ${cluster.stackName} to ${written(point)}.`);
    await (stage === Stage.RENAMING ? holdAtZero(context) : holdStrangers(context));
  }
  if (stage !== Stage.RESTORED) {
    io.say('Renames the database');
    await rename(context);
    await holdAtZero(context);
    io.say('Restores it');
    await restore(context);
  } else {
    io.say('The database is renamed, and the restored one is there or being made');
  }
  await waitUntilAvailable(context);
  const { before, now } = await makeAlike(context);
  io.say('Compares it with the one before');
  for (const line of comparison(before, now, context)) io.say(line);
  io.say('Starts the nodes');
  await comeBack(context);
  const [web] = await fleetsOf(aws, cluster);
  const isOther = fleets[0]!.taskDefinition !== web!.taskDefinition;
  io.say();
  for (const line of next(context, await revisionOf(aws, web!.taskDefinition), isOther || stage !== Stage.NEW))
    io.say(line);
}

/** Up to no node running: until then the database is as it was. */
async function stop(context: Context, stage: Stage, request: Request) {
  const { io, cluster, point, options } = context;
  if (stage === Stage.NEW) checkShared(context, request.wholeInstance === true);
  let seen = await look(context, stage, request);
  if (stage === Stage.NEW) {
    for (const line of planned(context, seen)) io.say(line);
    io.say();
    if (!request.yes) await confirm(io, cluster.stackName, commandLine(again(request), options));
    io.say('Waits for the restore point');
    await waitForPoint(context);
    const now = await look(context, stage, request);
    checkSame(seen, now);
    seen = now;
  } else {
    io.say(`Goes on with the restore of ${cluster.stackName} to ${written(point)}: nodes were being stopped.`);
  }
  io.say('Stops the nodes');
  await toZero(context, seen.fleets, seen.back.targets);
}

function again({ point, revisions, nodes, wholeInstance }: Request): string {
  return [
    `restore --to ${written(point)}`,
    ...revisions.map((each) => `--revision ${each}`),
    ...(nodes ? [`--nodes ${nodes.min}-${nodes.max}`] : []),
    ...(wholeInstance ? ['--whole-instance'] : []),
    '--yes',
  ].join(' ');
}

async function confirm(io: Terminal, stack: string, withYes: string) {
  const answer = await io.ask(`Type the name of the stack (${stack}) to go on: `);
  if (answer?.trim() === stack) return;
  throw new Refusal(
    ...(answer === undefined
      ? ['Nobody can be asked here. Nothing was changed. If this is what you want, say so:', `  ${withYes}`]
      : ['Nothing was changed.']),
  );
}
