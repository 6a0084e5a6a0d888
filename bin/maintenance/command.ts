import { command } from '../command';
import { type Aws, connect } from '../operations/aws';
import { findCluster } from '../operations/cluster';
import { COMMON_HELP, commandLine, type Options, parseCommandLine } from '../operations/options';
import { interruptible, type Terminal, terminal } from '../operations/terminal';
import { Refusal } from '../refusal';
import { type Doing, follow, running, start } from './execution';

const HELP = `Usage: cdk-nocobase maintenance begin|end|restart --stack <name> [options]

  begin     one node, whose health is not judged: for installing plug-ins, backups, migrations
  end       as the template says: all nodes, judged by their health. Safe to repeat
  restart   all nodes anew, one after the other: what NocoBase asks for after plug-ins have changed

Starts the state machine of the cluster and shows how it goes. If it runs already, that is what is shown.

${COMMON_HELP}  --force            with end: does not wait until NocoBase answers. For one that is broken
`;

const DOINGS: readonly Doing[] = ['begin', 'end', 'restart'];

/** `cdk-nocobase maintenance`. */
export const maintenanceCommand = command(
  'begin or end maintenance of a cluster, or restart its nodes',
  HELP,
  async (args) => {
    const line = parseCommandLine('maintenance', args, { force: { type: 'boolean' } });
    if (line === undefined) return false;
    const does = DOINGS.find((doing) => doing === line.words[0]);
    if (does === undefined || line.words.length > 1) {
      throw new Refusal('maintenance begin, maintenance end or maintenance restart? maintenance --help says more.');
    }
    const force = line.values.force === true;
    if (force && does !== 'end') throw new Refusal('--force is for maintenance end alone.');
    const again = `Interrupted here. The state machine goes on. To see how:\n  ${commandLine(`maintenance ${does}${force ? ' --force' : ''}`, line.options)}`;
    await interruptible(again, async () => maintain(await connect(line.options), terminal, line.options, does, force));
    return true;
  },
);

const DONE: Record<Doing, string> = {
  begin: 'Maintenance is on: one node runs. Do what you have to do, then: maintenance end.',
  end: 'Maintenance is off: nodes are as the template says.',
  restart: 'All nodes have been started anew.',
};

export async function maintain(aws: Aws, io: Terminal, options: Options, does: Doing, force = false): Promise<void> {
  const { maintenanceStateMachine: stateMachine, stackName } = await findCluster(aws, options);
  if (stateMachine === undefined) {
    throw new Refusal(
      `The stack ${stackName} has no state machine for maintenance (there is no output MaintenanceStateMachine).`,
      'Deploy it with a version of cdk-nocobase that makes one.',
    );
  }
  const other = await running(aws, stateMachine);
  if (other !== undefined) {
    io.say(`maintenance ${other.does} of ${stackName} is running already:`);
    if (other.does === does && other.force === force) {
      await follow(aws, io, other);
      io.say(DONE[does]);
      return;
    }
    await follow(aws, io, other).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      io.say(`  it failed: ${error.message.split('\n')[0]}`);
    });
  }
  io.say(`maintenance ${does} of ${stackName}:`);
  await follow(aws, io, await start(aws, stateMachine, does, force));
  io.say(DONE[does]);
}
