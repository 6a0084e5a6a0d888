import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

/** What it has just said when it is interrupted. */
const MOMENTS = [/Starting PostgreSQL/, /One node with the image's own command/, /installs NocoBase/];

test.each(MOMENTS)('interrupted after %p it leaves no process and no file', async (moment) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'interrupted-'));
  // PostgreSQL runs as another user.
  fs.chmodSync(folder, 0o755);
  const args = [path.join(__dirname, 'main.ts'), '--only', '1', '--logs', path.join(folder, 'logs')];
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', function interrupt(line) {
    if (!moment.test(line)) return;
    lines.off('line', interrupt);
    lines.resume();
    child.kill('SIGINT');
  });
  expect(await ended).toBe(130);
  expect(processesOf(folder)).toEqual([]);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('rehearsal-'))).toEqual([]);
  fs.rmSync(folder, { recursive: true });
});

/** Those whose command or environment names the folder. */
function processesOf(folder: string): string[] {
  const told = (pid: string, file: string) => {
    try {
      return fs.readFileSync(`/proc/${pid}/${file}`, 'latin1');
    } catch {
      return '';
    }
  };
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => `${told(pid, 'cmdline')}${told(pid, 'environ')}`.includes(folder))
    .map((pid) => `${pid} ${told(pid, 'cmdline')}`);
}
