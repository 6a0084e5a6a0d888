import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Programs that a rehearsal runs, and the packages of Debian and Ubuntu that bring them. */
const NEEDED: { readonly [program: string]: string } = {
  'redis-server': 'redis-server',
  '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
  epmd: 'erlang-base',
};

/** Installs what a rehearsal needs beside npm's packages. @throws what is to be done where it cannot */
export async function installPrerequisites(say: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Error(
      `A rehearsal runs PostgreSQL, Redis, RabbitMQ and NocoBase as they are on Linux; this is ${process.platform}. ` +
        'A virtual machine or container with Debian or Ubuntu will do.',
    );
  }
  const packages = missingPackages();
  if (packages.length === 0) return;
  const names = packages.join(' ');
  const isRoot = process.getuid?.() === 0;
  if (!isThere('apt-get') || (!isRoot && !isThere('sudo'))) {
    throw new Error(
      `A rehearsal needs ${packages.join(' and ')}. Install them (on Debian and Ubuntu: apt-get install ${names}), then start it again.`,
    );
  }
  say(`Installing ${names} from the distribution's packages …`);
  const install = `${isRoot ? '' : 'sudo '}apt-get`;
  for (const args of ['update -q', `install -q -y --no-install-recommends ${names}`]) {
    const { status } = spawnSync('sh', ['-c', `${install} ${args}`], {
      // A password may have to be asked for; what it prints is of interest when it fails.
      stdio: ['inherit', isRoot ? 'ignore' : 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (status !== 0) {
      throw new Error(`\`${install} ${args}\` ended with ${status}. Install ${names} yourself, then start again.`);
    }
  }
  const still = missingPackages();
  if (still.length > 0)
    throw new Error(`${still.join(', ')} was installed, but its programs are not where they should be.`);
}

function missingPackages(): string[] {
  return Object.entries(NEEDED)
    .filter(([program]) => !isThere(program))
    .map(([, name]) => name);
}

function isThere(program: string): boolean {
  const folders = program.startsWith('/') ? [''] : (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => fs.existsSync(path.join(folder, program)));
}
