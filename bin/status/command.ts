import { command } from '../command';
import { connect } from '../operations/aws';
import { findCluster } from '../operations/cluster';
import { COMMON_HELP, parseCommandLine } from '../operations/options';
import { terminal } from '../operations/terminal';
import { Refusal } from '../refusal';
import { gather } from './facts';
import { report } from './report';

const HELP = `Usage: cdk-nocobase status --stack <name> [options]

Shows nodes and deployments, whether maintenance is on, to which moments the database can be restored, and what alarms
are on. Changes nothing.

${COMMON_HELP}  --json             for programs
`;

/** `cdk-nocobase status`. */
export const statusCommand = command(
  'show nodes, deployments, restore points and alarms of a cluster',
  HELP,
  async (args) => {
    const line = parseCommandLine('status', args, { json: { type: 'boolean' } });
    if (line === undefined) return false;
    if (line.words.length > 0) throw new Refusal('status takes no words, only options. status --help lists them.');
    const aws = await connect(line.options);
    const cluster = await findCluster(aws, line.options);
    const facts = await gather(aws, cluster, line.options, terminal.now());
    process.stdout.write(line.values.json ? `${JSON.stringify(facts, undefined, 2)}\n` : report(facts));
    return true;
  },
);
