import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HEALTH_CHECK_COMMAND, renderLauncherCommand } from '../../lib/launcher/launcher';

const [shell, option, script] = renderLauncherCommand();
const SCRIPTS = join(__dirname, '../../lib/launcher/bundle');

test('the command is one shell script, the same every time, and leaves room in the task definition', () => {
  expect([shell, option]).toEqual(['sh', '-c']);
  expect(renderLauncherCommand()[2]).toBe(script);
  // All else in the task definition of an example is 8 KB, of the 64 KB that ECS takes.
  expect(Buffer.byteLength(script)).toBeLessThan(44 * 1024);
});

test('the public roots that Node brings stand in for the certificate of a database that has one of theirs', () => {
  const home = mkdtempSync(join(tmpdir(), 'launcher-'));
  try {
    const ca = join(home, 'ca.pem');
    const environment = {
      PATH: process.env.PATH,
      LAUNCHER_HOME: home,
      LAUNCHER_LICENSE: 'required',
      LAUNCHER_DATABASE_CA: 'well-known',
      DB_DIALECT_OPTIONS_SSL_CA: ca,
    };
    spawnSync('sh', ['-c', script], { env: environment });
    const roots = execFileSync('node', ['-p', 'JSON.stringify(require("node:tls").rootCertificates)'], {
      encoding: 'utf8',
    });
    const written = readFileSync(ca, 'utf8').match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g);
    expect(written).toEqual(JSON.parse(roots));
    expect(written?.length).toBeGreaterThan(100);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test('nothing in it is taken for a dynamic reference by CloudFormation', () => {
  expect(script).not.toContain('{{resolve');
});

test('it is without comments on lines of their own, which are for the reader of the source', () => {
  expect(script.split('\n').filter((line) => /^\s*(\/\/|#|\/?\*)/.test(line))).toEqual([]);
});

test('the container is checked with the script that the command has written', () => {
  expect(HEALTH_CHECK_COMMAND).toEqual(['CMD-SHELL', 'exec node /tmp/nocobase-launcher/check.js']);
  expect(script.split('\n')[1]).toContain(':-/tmp/nocobase-launcher}');
});

describe.each(['sh', 'dash', 'bash'].filter((name) => spawnSync(name, ['-c', 'true']).status === 0))(
  'under %s',
  (name) => {
    test('it writes every script as it was built, and runs', () => {
      const home = mkdtempSync(join(tmpdir(), 'launcher home '));
      try {
        const ca = join(home, 'a folder', 'ca.pem');
        const environment = {
          PATH: process.env.PATH,
          LAUNCHER_HOME: home,
          LAUNCHER_LICENSE: 'required',
          LAUNCHER_DATABASE_CA: 'line one\nline $two `three`',
          DB_DIALECT_OPTIONS_SSL_CA: ca,
        };
        const { status, stdout } = spawnSync(name, ['-c', script], { env: environment, encoding: 'utf8' });
        expect(stdout).toMatch(/^\[launcher\] stops: the licence key is missing.*\n$/);
        expect(status).toBe(1);
        expect(readFileSync(ca, 'utf8')).toBe('line one\nline $two `three`\n');
        const scripts = readdirSync(SCRIPTS).filter((file) => file.endsWith('.js'));
        expect(readdirSync(home).filter((file) => file.endsWith('.js'))).toEqual(scripts);
        for (const file of scripts) execFileSync(process.execPath, ['--check', join(home, file)]);
      } finally {
        rmSync(home, { recursive: true });
      }
    });
  },
);
