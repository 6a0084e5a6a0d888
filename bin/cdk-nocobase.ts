#!/usr/bin/env node
import type { Command } from './command';
import { importKeys } from './import-keys/command';
import { maintenanceCommand } from './maintenance/command';
import { restoreCommand } from './restore/command';
import { statusCommand } from './status/command';

const COMMANDS: Readonly<Record<string, Command>> = {
  status: statusCommand,
  maintenance: maintenanceCommand,
  restore: restoreCommand,
  'import-keys': importKeys,
};

const WIDTH = Math.max(...Object.keys(COMMANDS).map(({ length }) => length));

const USAGE = `Usage: cdk-nocobase <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(WIDTH)}  ${summary}`)
  .join('\n')}

cdk-nocobase <command> --help says more about one.
`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) return COMMANDS[name].run(args);
  // Not what was given: somebody may have pasted a key.
  process.stderr.write(`${name === undefined ? 'Say what to do.' : 'There is no such command.'}\n\n${USAGE}`);
  return 1;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // Not the message, which the stack repeats: it may quote what was being looked at.
    const [name, stack] =
      error instanceof Error ? [error.name, (error.stack ?? '').replace(error.message, '')] : ['', ''];
    const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
    process.stderr.write(
      [
        `The command itself failed (${name || typeof error}). Please report this, with these lines:`,
        ...frames,
        '',
      ].join('\n'),
    );
    process.exitCode = 1;
  },
);
