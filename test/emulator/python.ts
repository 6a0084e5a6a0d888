import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');
const OLDEST = [3, 10] as const;
/** What the emulator leaves in the checkout: its Python packages, and where it runs. */
export const LOCAL = process.env.CDK_NOCOBASE_LOCAL ?? path.join(__dirname, '..', '..', '.local');

/** A sentence about what this machine lacks. */
export class PythonMissing extends Error {}

/**
 * The Python of a virtual environment that has what the emulator needs. It is
 * made when it is not there, which takes half a minute; `progress` is told so.
 */
export async function emulatorPython(progress: (line: string) => void = () => {}): Promise<string> {
  const hash = createHash('sha256').update(fs.readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const environment = path.join(LOCAL, `emulator-${hash}`);
  const python = path.join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  // Written last: without it the environment is half made.
  const complete = path.join(environment, 'complete');
  if (fs.existsSync(complete)) return python;
  const base = findPython();
  const release = await lock(environment, progress);
  try {
    if (!fs.existsSync(complete)) await make(base, environment, python, complete, progress);
  } finally {
    release();
  }
  return python;
}

async function make(
  base: string,
  environment: string,
  python: string,
  complete: string,
  progress: (line: string) => void,
) {
  progress(`Making a virtual environment for the local AWS in ${path.relative(process.cwd(), environment)} …`);
  fs.rmSync(environment, { recursive: true, force: true });
  await run(base, ['-m', 'venv', environment], 'The virtual environment could not be made.');
  progress('Installing moto into it; this takes half a minute, once …');
  await run(
    python,
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--only-binary=:all:',
      '--requirement',
      REQUIREMENTS,
    ],
    'The Python packages of the local AWS could not be installed.',
  );
  fs.writeFileSync(complete, '');
}

/** The command of a Python that is new enough and can make virtual environments. */
function findPython(): string {
  const found: string[] = [];
  for (const command of ['python3', 'python']) {
    const { stdout, status } = spawnSync(
      command,
      ['-c', 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip'],
      { encoding: 'utf8' },
    );
    const version = stdout?.trim();
    if (!version) continue;
    const [major, minor] = version.split('.').map(Number);
    const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    if (isNew && status === 0) return command;
    found.push(
      isNew
        ? `${command} is Python ${version}, without the module that makes virtual environments (on Debian and Ubuntu: apt install python3-venv)`
        : `${command} is Python ${version}`,
    );
  }
  throw new PythonMissing(
    `The local AWS needs Python ${OLDEST.join('.')} or newer; ${found.join('; ') || 'there is no python3 here'}.\n` +
      'Install it and try again. The package is python3 with python3-venv on Debian and Ubuntu (apt install python3 python3-venv), ' +
      'python3 on Fedora (dnf install python3), python on macOS (brew install python).',
  );
}

/** Of two processes that need the environment one makes it. */
async function lock(environment: string, progress: (line: string) => void): Promise<() => void> {
  fs.mkdirSync(LOCAL, { recursive: true });
  const file = `${environment}.lock`;
  for (let told = false; ; told = true) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!isAlive(Number(fs.readFileSync(file, 'utf8')))) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) progress('Another process is making the virtual environment; waiting for it …');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function run(command: string, args: string[], failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new PythonMissing(`${failure}\n${output.trim()}`))));
  });
}
