/** What a scenario has shown. */
export interface Finding {
  readonly scenario: string;
  readonly expectation: string;
  readonly measured: string;
  readonly isGood: boolean;
}

/** A table for people: scenario, expectation, measured, verdict. */
export function table(findings: readonly Finding[]): string {
  const rows = [
    ['scenario', 'expectation', 'measured', 'verdict'],
    ...findings.map(({ scenario, expectation, measured, isGood }) => [
      scenario,
      expectation,
      measured,
      isGood ? 'good' : 'BAD',
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}
