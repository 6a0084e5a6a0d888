/** What a scenario has shown. */
export interface Finding {
  /** Its number. */
  readonly scenario: number;
  readonly expectation: string;
  readonly measured: string;
  readonly isGood: boolean;
}

/** What no rehearsal shows, whatever its findings. */
export const NOT_REHEARSED = [
  'The commercial plug-ins (sync signal, locks, worker ids, queue): stand-ins of this project with the same names take their places; a licence key is written and refused, nothing is downloaded.',
  'ElastiCache for Valkey 8 and Amazon MQ for RabbitMQ 4: here are the Redis and RabbitMQ of the distribution, without Bloom filters where it has none.',
  'Fargate and the ALB themselves: processes with the environment, command and signals of the task definition, and a proxy with the numbers of the target group.',
  'Two releases of NocoBase: npm serves one complete version. Later ones are the same code by a later number, with a migration of ours in its core that marks the database.',
  'The scheduler of ECS: a service that follows its documentation. The times of the launcher and the health check are a tenth, those of NocoBase itself are not.',
];

/** A table for people: scenario, expectation, measured, verdict. */
export function table(findings: readonly Finding[]): string {
  const rows = [
    ['scenario', 'expectation', 'measured', 'verdict'],
    ...findings.map(({ scenario, expectation, measured, isGood }) => [
      String(scenario),
      expectation,
      cut(measured),
      isGood ? 'good' : 'BAD',
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}

/** The whole of it is in the report as JSON. */
function cut(text: string): string {
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}
