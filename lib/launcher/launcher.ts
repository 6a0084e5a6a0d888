import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const BUNDLE = join(__dirname, 'bundle');

/** Where the scripts are written to in the container. */
const HOME = '/tmp/nocobase-launcher';

/** Runs in the container's own environment. `exec`, so that a time-out of the check ends the process that asks. */
export const HEALTH_CHECK_COMMAND = ['CMD-SHELL', `exec node ${HOME}/check.js`];

/**
 * The command of a node's container. It writes the scripts to a folder and runs
 * them, so that any NocoBase image works as it is.
 *
 * It is part of the task definition, which takes 64 KB: the scripts are bundled
 * and minified from `scripts/`.
 */
export function renderLauncherCommand(): string[] {
  return [
    'sh',
    '-c',
    [
      'set -eu',
      `LAUNCHER_HOME="\${LAUNCHER_HOME:-${HOME}}"`,
      'export LAUNCHER_HOME',
      'mkdir -p "$LAUNCHER_HOME"',
      ...readdirSync(BUNDLE)
        .sort()
        .map((name) => `cat >"$LAUNCHER_HOME/${name}" <<'END OF ${name}'\n${read(name)}END OF ${name}`),
      'exec node "$LAUNCHER_HOME/supervise.js"',
      '',
    ].join('\n'),
  ];
}

function read(name: string): string {
  return readFileSync(join(BUNDLE, name), 'utf8');
}
