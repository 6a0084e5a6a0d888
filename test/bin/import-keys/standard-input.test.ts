import { execFileSync } from 'node:child_process';
import { commandForTests, printedByEnv, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

const APP_KEY = 'Xo5Ohm1eiPhe/9a+b=';
const PATH = 'PATH=/usr/bin:/bin';

/** Imports with what is piped in, for a storage that has an AES key, which may be a stale one. */
async function importWith(input: string | Buffer) {
  command.secret(APP_KEY);
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey() });
  return command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
}

async function refusal(input: string | Buffer): Promise<string> {
  const { code, stdout, stderr } = await importWith(input);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(aws.requests).toEqual([]);
  return stderr;
}

test.each(['"Xo5Ohm1eiPhe/9a" and #1 of $all\\n', " leading and 'trailing' ", 'with=several=signs of equality'])(
  'what the container prints is the value as it is: %s',
  async (value) => {
    command.secret(value);
    const { code, stdout } = await importWith(printedByEnv({ APP_KEY: value, TZ: 'UTC' }));
    expect(code).toBe(0);
    expect(aws.fields('nocobase-keys').APP_KEY).toBe(value);
    expect(stdout).not.toContain('!');
  },
);

test('a terminal on the way adds carriage returns, which are no part of a key', async () => {
  await importWith(`${PATH}\r\nAPP_KEY=${APP_KEY}\r\n`);
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test('a carriage return that only the key has is a part of it, and is not lost', async () => {
  expect(await refusal(`${PATH}\nAPP_KEY=${APP_KEY}\r\nTZ=UTC\n`)).toContain('What APP_KEY is');
});

test.each([
  ['in values of others', `HINT=never set APP_KEY=… by hand\nNOTE=APP_AES_SECRET_KEY\nAPP_KEY=${APP_KEY}\n`],
  ['in names of others', `OTHER_APP_KEY_HINT=ours\nAPP_KEY=${APP_KEY}\nAPP_KEY.OLD=then\n`],
  ['in comments', `# APP_KEY=of-another-time\nAPP_KEY=${APP_KEY}\n`],
  ['nowhere in a value of several lines', `CA=-----BEGIN\r\nMIIB\r\n-----END\nAPP_KEY=${APP_KEY}\n`],
])('names %s mislead nobody', async (_, lines) => {
  const { code, stderr } = await importWith(`${PATH}\n${lines}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test('quotes that come in are kept, and told: a shell may have added them', async () => {
  const { stdout } = await importWith(printedByEnv({ APP_KEY: `'${APP_KEY}'` }));
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(`'${APP_KEY}'`);
  expect(stdout).toContain('has quotes around it, and they were taken for a part of it');
});

test('a known key with quotes around it is as well known', async () => {
  await importWith(printedByEnv({ APP_KEY: '"replace-with-your-secret-key"' }));
  expect(aws.fields('nocobase-keys').APP_KEY).toMatch(/^[\w-]{64}$/);
});

test('nothing is told, and why it may be', async () => {
  for (const input of ['', '\n']) {
    expect(await refusal(input)).toContain('Nothing came in on standard input. Does the container run');
  }
});

test.each([
  ['an error', 'Error: no such service: app\n'],
  [
    'an error and a warning',
    'time="2026-01-01" level=warning msg="APP_KEY is not set"\nservice "app" is not running\n',
  ],
  ['a file of variables', `TZ=UTC\nAPP_KEY="${APP_KEY}"\n`],
  ['a part of the environment', `APP_KEY=${APP_KEY}\n`],
  ['what a shell prints as set', `APP_KEY='${APP_KEY}'\nPATH='/usr/bin:/bin'\n`],
  ['what systemd shows', `Environment=APP_KEY=${APP_KEY}\n`],
  ['an inspection of a container without keys', '[\n  {\n    "Env": [\n      "PATH=/bin"\n    ]\n  }\n]\n'],
  ['UTF-16', Buffer.from(`${PATH}\nAPP_KEY=${APP_KEY}`, 'utf16le')],
])('%s is no environment', async (_, input) => {
  const told = await refusal(input);
  expect(told).toContain('there is no PATH in it, which every process has.');
  expect(told).toContain('docker compose exec -T app env | npx cdk-nocobase import-keys … --environment -');
});

test.each([
  ['an inspection of a container', `[{\n  "Env": [\n    "APP_KEY=${APP_KEY}",\n    "PATH=/bin"\n]}]\n`, 3],
  ['what a POSIX shell exports', `${PATH}\nexport APP_KEY='${APP_KEY}'\n`, 2],
  ['what Bash exports', `${PATH}\r\ndeclare -x APP_KEY="${APP_KEY}"\r\n`, 2],
  ['a configuration of Compose', `services:\n  app:\n    environment:\n      APP_KEY: ${APP_KEY}\n`, 4],
  ['a further key of a Dockerfile', `${PATH}\nENV ENCRYPTION_FIELD_KEY=${APP_KEY}\n`, 2],
])('%s has a key that env prints in another way, and is refused by its line', async (_, input, line) => {
  const told = await refusal(input);
  expect(told).toContain(`Line ${line} of what came in on standard input has the name of a key in it`);
  expect(told).toContain('docker compose exec -T app env -0 | npx cdk-nocobase import-keys … --environment -');
});

const BROKEN = `${'Xo5Ohm1e'.repeat(8)}\niePhah9Eeyae8IechooJ4w==`;

test.each([
  ['of several lines', '-----BEGIN PRIVATE KEY-----\nXo5Ohm1eiPhe\n-----END PRIVATE KEY-----'],
  ['with an empty line at its end', `${APP_KEY}\n`],
  ['that OpenSSL has broken into lines', BROKEN],
  ['that stands there twice', `${APP_KEY}\nAPP_KEY=another-one-of-us`],
])('of a key %s nothing is cut off', async (_, value) => {
  command.secret(value);
  expect(await refusal(printedByEnv({ APP_KEY: value, TZ: 'UTC' }))).toContain(
    'What APP_KEY is in the environment on standard input is not certain',
  );
});

test.each([`${APP_KEY}\n`, `${APP_KEY}\r`, BROKEN, APP_KEY])('env -0 says where values end: %j', async (value) => {
  const env = { CA: '-----BEGIN\nAPP_KEY=no-key-of-ours\n', PATH: process.env.PATH, APP_KEY: command.secret(value) };
  const { code } = await importWith(execFileSync('env', ['-0'], { env }));
  expect(code).toBe(0);
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(value);
});
