import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';

/** Programs that a rehearsal runs, and the packages of Debian and Ubuntu that bring them. */
const NEEDED: { readonly [program: string]: string } = {
  'redis-server': 'redis-server',
  '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
  epmd: 'erlang-base',
};

/** A sentence about what this machine lacks for a rehearsal, if anything. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') {
    return `A rehearsal runs NocoBase, PostgreSQL, Redis and RabbitMQ as they are on Linux; this is ${process.platform}.`;
  }
  const packages = Object.entries(NEEDED)
    .filter(([program]) => !isThere(program))
    .map(([, name]) => name);
  if (packages.length === 0) return undefined;
  return `A rehearsal needs ${packages.join(' and ')}. On Debian and Ubuntu: apt install ${packages.join(' ')}`;
}

function isThere(program: string): boolean {
  return program.startsWith('/')
    ? fs.existsSync(program)
    : spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
}
