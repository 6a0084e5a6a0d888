import { Refusal } from '../import-keys/refusal';
import { connect } from '../operations/aws';
import { findCluster } from '../operations/cluster';
import { COMMON_HELP, parseCommandLine } from '../operations/options';
import { terminal } from '../operations/terminal';
import { gather } from './facts';
import { report } from './report';

const HELP = `Usage: cdk-nocobase status --stack <name> [options]

Shows nodes and deployments, whether maintenance is on, to which moments the database can be restored, and what alarms
are on. Changes nothing.

${COMMON_HELP}  --json             for programs
`;

/** `cdk-nocobase status`. */
export const statusCommand = {
  summary: 'show nodes, deployments, restore points and alarms of a cluster',

  async run(args: readonly string[]): Promise<number> {
    try {
      const line = parseCommandLine('status', args, { json: { type: 'boolean' } });
      if (line === undefined) {
        process.stdout.write(HELP);
        return 0;
      }
      if (line.words.length > 0) throw new Refusal('status takes no words, only options. status --help lists them.');
      const aws = await connect(line.options);
      const cluster = await findCluster(aws, line.options);
      const facts = await gather(aws, cluster, line.options, terminal.now());
      process.stdout.write(line.values.json ? `${JSON.stringify(facts, undefined, 2)}\n` : report(facts));
      return 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
  },
};
