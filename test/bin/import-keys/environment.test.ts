import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { commandForTests, NOBODY, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

const APP_KEY = 'Xo5Ohm1eiPhe/9a+b=';

/** Imports with a file of variables, as it is or piped. */
async function importWith(content: string | Buffer, how: 'file' | 'piped' = 'file', name = '.env') {
  command.secret(APP_KEY);
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey(), [name]: content });
  return how === 'file'
    ? command.importKeys([storage, ...TARGET, '--environment', `${storage}/${name}`])
    : command.importKeys([storage, ...TARGET, '--environment', '-'], { input: content });
}

test.each([
  ['plain', `APP_KEY=${APP_KEY}`],
  ['in single quotes', `APP_KEY='${APP_KEY}'`],
  ['in double quotes', `APP_KEY="${APP_KEY}"`],
  ['with a comment', `APP_KEY=${APP_KEY}   # ours`],
  ['in quotes with a comment', `APP_KEY="${APP_KEY}" # ours`],
  ['exported', `export APP_KEY=${APP_KEY}`],
  ['with blanks around', `  APP_KEY = ${APP_KEY}  `],
  ['with Windows line ends', `TZ=UTC\r\nAPP_KEY=${APP_KEY}\r\nDB_HOST=db\r\n`],
  ['with a byte order mark', `\uFEFFAPP_KEY=${APP_KEY}\n`],
  ['after a comment of the same name', `# APP_KEY=old-app-key-of-then\nAPP_KEY=${APP_KEY}`],
  ['twice, where the last counts', `APP_KEY=old-app-key-of-then\nAPP_KEY=${APP_KEY}`],
  ['among others that begin alike', `APP_KEY_OLD=1234567890123456\nMY_APP_KEY=1234567890123456\nAPP_KEY=${APP_KEY}`],
])('a value %s is read', async (_, content) => {
  const { code, stderr } = await importWith(content);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test.each([
  ['a quote in the middle', `APP_KEY=Xo5Ohm"1eiPhe`],
  ['a quote that is not closed', `APP_KEY="Xo5Ohm1eiPhe`],
  ['a variable', 'APP_KEY=Xo5Ohm${TAIL}'],
  ['a backslash in double quotes', 'APP_KEY="Xo5Ohm\\n1eiPhe"'],
  ['a # in the middle', 'APP_KEY=Xo5Ohm#1eiPhe'],
  ['both kinds of quotes', `APP_KEY='"Xo5Ohm1eiPhe"' and more`],
])('%s is read differently by whoever reads such files, and refused', async (_, content) => {
  const { code, stdout, stderr } = await importWith(content);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('in a way that NocoBase and Docker Compose read differently.');
  expect(stderr).toContain('docker compose exec -T app env | npx cdk-nocobase import-keys … --environment -');
  expect(stderr).not.toContain('Xo5Ohm');
  expect(aws.requests).toEqual([]);
});

test.each(['"Xo5Ohm1eiPhe/9a" and #1 of $all\\n', " leading and 'trailing' "])(
  'what the container prints is the value as it is: %s',
  async (value) => {
    command.secret(value);
    const { code } = await importWith(`PATH=/bin\nAPP_KEY=${value}\nTZ=UTC\n`, 'piped');
    expect(code).toBe(0);
    expect(aws.fields('nocobase-keys').APP_KEY).toBe(value);
  },
);

test('a terminal on the way adds carriage returns, which are no part of a key', async () => {
  await importWith(`PATH=/bin\r\nAPP_KEY=${APP_KEY}\r\n`, 'piped');
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test('a pipe in the place of a file is read, as a shell makes it of <(…)', async () => {
  command.secret(APP_KEY);
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey() });
  const pipe = `${storage}/pipe`;
  execFileSync('mkfifo', [pipe]);
  await Promise.all([
    command.importKeys([storage, ...TARGET, '--environment', pipe]),
    fs.promises.writeFile(pipe, `APP_KEY=${APP_KEY}\n`),
  ]);
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test.each([
  ['a Compose file', 'services:\n', 'docker-compose.yml', 'is a Compose file'],
  ['UTF-16', Buffer.from(`APP_KEY=${APP_KEY}`, 'utf16le'), '.env', 'is not UTF-8 text'],
  ['Latin 1', Buffer.from('APP_KEY=schlüsselschlüssel', 'latin1'), '.env', 'is not UTF-8 text'],
  ['an archive', Buffer.from([0x1f, 0x8b, 8, 0, 0]), 'backup.gz', 'is not UTF-8 text'],
  ['something huge', Buffer.alloc(1024 * 1024 + 1, 'A'), '.env', 'has more than a megabyte'],
])('%s is refused', async (_, content, name, sentence) => {
  const { code, stderr } = await importWith(content, 'file', name);
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(aws.requests).toEqual([]);
});

test('what never ends is not read to its end', async () => {
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey() });
  const file = await command.importKeys([storage, ...TARGET, '--environment', '/dev/zero']);
  expect(file.stderr).toContain('has more than a megabyte');
  const piped = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input: Buffer.alloc(2 ** 22) });
  expect(piped.stderr).toContain('has more than a megabyte');
});

test('a file that is not there, is a folder or may not be read is told', async () => {
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey(), '.env': '' });
  const told = async (file: string, uid?: number) =>
    (await command.importKeys([storage, ...TARGET, '--environment', file], { uid })).stderr;
  expect(await told('./missing.env')).toContain('--environment ./missing.env does not exist.');
  expect(await told(storage)).toContain('is a folder, not a file.');
  fs.chmodSync(`${storage}/.env`, 0);
  expect(await told(`${storage}/.env`, NOBODY)).toContain('may not be read by you');
});

test('nothing on standard input is told, and why it may be', async () => {
  const { code, stderr } = await importWith('', 'piped');
  expect(code).toBe(1);
  expect(stderr).toContain('Nothing came in on standard input. Does the container run');
});

test('the environment of the command itself is not looked at', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  const env = { APP_KEY: command.secret(APP_KEY), APP_AES_SECRET_KEY: command.newKey().toString('hex') };
  await command.importKeys([storage, ...TARGET], { env });
  expect(aws.fields('nocobase-keys').APP_KEY).not.toBe(APP_KEY);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).not.toBe(env.APP_AES_SECRET_KEY);
});
