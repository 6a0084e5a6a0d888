import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCRIPTS = join(__dirname, 'scripts');

/** Where the scripts are written to in the container. */
const HOME = '/tmp/nocobase-launcher';

/** Runs in the container's own environment. `exec`, so that a time-out of the check ends the process that asks. */
export const HEALTH_CHECK_COMMAND = ['CMD-SHELL', `exec node ${HOME}/health.js`];

/**
 * The command of a node's container. It writes the scripts to a folder and runs
 * them, so that any NocoBase image works as it is.
 *
 * It is part of the task definition, which takes 64 KB.
 */
export function renderLauncherCommand(): string[] {
  const scripts = readdirSync(SCRIPTS)
    .filter((name) => name.endsWith('.js'))
    .sort();
  return [
    'sh',
    '-c',
    [
      'set -eu',
      `LAUNCHER_HOME="\${LAUNCHER_HOME:-${HOME}}"`,
      'export LAUNCHER_HOME',
      'mkdir -p "$LAUNCHER_HOME"',
      ...scripts.map((name) => `cat >"$LAUNCHER_HOME/${name}" <<'END OF ${name}'\n${read(name)}END OF ${name}`),
      read('launch.sh'),
    ].join('\n'),
  ];
}

/** Comments on lines of their own are for the reader of the source. */
function read(name: string): string {
  const comment = name.endsWith('.js') ? /^\s*(\/\/|\/?\*)/ : /^#/;
  return readFileSync(join(SCRIPTS, name), 'utf8')
    .split('\n')
    .filter((line) => !comment.test(line))
    .join('\n');
}
