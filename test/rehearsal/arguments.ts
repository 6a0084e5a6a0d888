import { parseArgs } from 'node:util';
import { scenarios } from './scenarios';

export interface Arguments {
  /** An example, or the directory of a cloud assembly. */
  readonly of: string;
  readonly only: readonly number[];
  readonly report?: string;
  /** The directory for logs. */
  readonly logs: string;
  /** Whether that is all. */
  readonly install: boolean;
}

export const USAGE = `npm run rehearse -- [EXAMPLE or DIRECTORY] [--only N[,N…]] [--report FILE] [--logs DIRECTORY] [--install]

Runs what a synthesized template describes on this machine, with real parts.
EXAMPLE    minimal (the default), another folder of examples/ with PostgreSQL on RDS, one Redis and RabbitMQ, or app
DIRECTORY  what \`cdk synth\` has written, for instance cdk.out
--only     scenarios by number; without it all of them
--report   also writes the report as JSON there
--logs     where logs of every part go, instead of .local/rehearsal
--install  only installs what rehearsals need

${scenarios.map(({ number, title }) => `  ${number}  ${title}`).join('\n')}`;

/** @throws with a sentence for whoever has typed it */
export function parse(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      report: { type: 'string' },
      logs: { type: 'string' },
      install: { type: 'boolean' },
    },
  });
  if (positionals.length > 1) throw new Error(`One example or directory, got: ${positionals.join(', ')}`);
  const known = scenarios.map(({ number }) => number);
  const only = values.only?.split(',').map(Number) ?? known;
  const unknown = only.some((number) => !known.includes(number));
  if (unknown)
    throw new Error(`--only takes numbers from 1 to ${known.length}, separated by commas; got: ${values.only}`);
  return {
    of: positionals[0] ?? 'minimal',
    only: known.filter((number) => only.includes(number)),
    report: values.report,
    logs: values.logs ?? '.local/rehearsal',
    install: values.install ?? false,
  };
}
