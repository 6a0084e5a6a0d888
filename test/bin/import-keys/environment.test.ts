import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { commandForTests, NOBODY, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

const APP_KEY = 'Xo5Ohm1eiPhe/9a+b=';

/** Imports with a file of variables. */
async function importWith(content: string | Buffer, name = '.env') {
  command.secret(APP_KEY);
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey(), [name]: content });
  return command.importKeys([storage, ...TARGET, '--environment', `${storage}/${name}`]);
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
  ['on a line that ends as old Macs did', `TZ=UTC\rAPP_KEY=${APP_KEY}\rDB_HOST=db\r`],
  ['twice, where the last counts', `APP_KEY=old-app-key-of-then\nAPP_KEY=${APP_KEY}`],
  ['among others that begin alike', `APP_KEY_OLD=1234567890123456\nMY_APP_KEY=1234567890123456\nAPP_KEY=${APP_KEY}`],
  [
    'beside hints at it',
    `OTHER_APP_KEY_HINT=ours\nNOTE=new APP_KEY in May\nAPP_KEY=${APP_KEY}\nUSAGE="run -e APP_KEY=…"`,
  ],
  ['beside a name of another key', `APP_KEY=${APP_KEY}\nNOTE=no APP_AES_SECRET_KEY here\nAPP_AES_SECRET_KEY_HINT=none`],
  ['beside names without values', `TZ\nexport DB_HOST\nAPP_KEY=${APP_KEY}`],
  ['after a value of several lines', `CA="-----BEGIN\nMIIB\n-----END"\nAPP_KEY=${APP_KEY}`],
])('a value %s is read', async (_, content) => {
  const { code, stderr } = await importWith(content);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(APP_KEY);
});

test.each([
  ['in quotes', `APP_KEY="${APP_KEY}"`],
  ['with a comment', `APP_KEY=${APP_KEY} # ours`],
  ['with a blank after it', `APP_KEY=${APP_KEY} `],
])('a value %s is another one for docker run and Kubernetes, which is told', async (_, content) => {
  const { stdout } = await importWith(content);
  expect(stdout).toContain('/.env has quotes, blanks or a comment around it.');
  expect(stdout).toContain('docker run --env-file and Kubernetes take them for a part of the value.');
  expect(stdout).toContain('all users sign in again once');
  expect(stdout).toContain('  docker compose exec -T app env | npx cdk-nocobase import-keys … --environment -');
  expect((await importWith(`APP_KEY=${APP_KEY}`)).stdout).not.toContain('!');
});

test('quotes around an APP_AES_SECRET_KEY are none of the key: NocoBase does not start with them', async () => {
  const aesKey = command.newKey();
  const storage = command.files({
    'apps/main/jwt_secret.dat': command.newKey(),
    '.env': `APP_AES_SECRET_KEY="${aesKey.toString('hex')}" # ours`,
  });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', `${storage}/.env`]);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).not.toContain('has quotes');
});

test('whether UNSAFE_USE_DEFAULT_JWT_SECRET is set decides who stays signed in, so quotes around it are told', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
    '.env': `APP_KEY=${command.secret(APP_KEY)}\nUNSAFE_USE_DEFAULT_JWT_SECRET="true"\n`,
  });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', `${storage}/.env`]);
  expect(stdout).toContain('UNSAFE_USE_DEFAULT_JWT_SECRET in');
  expect(stdout).toContain('docker run --env-file and Kubernetes take them for a part of the value.');
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
  const { code, stderr } = await importWith(content, name);
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

/** What is not understood must not count as not set: there is an aes_key.dat, and it may be a stale one. */
describe('what is no list of variables is refused, by the number of its line', () => {
  const AES = 'b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184';

  test.each([
    ['a unit of systemd', `[Service]\nEnvironment=APP_AES_SECRET_KEY=${AES}\n`, 1],
    ['a line of one', `Environment=APP_AES_SECRET_KEY=${AES}\n`, 1],
    ['a line of one with several', `TZ=UTC\nEnvironment="TZ=UTC" "APP_AES_SECRET_KEY=${AES}"\n`, 2],
    ['one that names other files', '[Service]\nEnvironmentFile=/etc/nocobase.env\n', 1],
    ['a configuration of supervisord', `environment=TZ="UTC",APP_AES_SECRET_KEY="${AES}"`, 1],
    ['a Dockerfile', `# ours\nENV APP_AES_SECRET_KEY=${AES}\n`, 2],
    ['a list of Compose', `TZ=UTC\n- APP_AES_SECRET_KEY=${AES}\n`, 2],
    ['a Compose file', `services:\n  app:\n    environment:\n      APP_AES_SECRET_KEY: ${AES}\n`, 1],
    ['a manifest of Kubernetes', `- name: APP_AES_SECRET_KEY\n  value: ${AES}\n`, 1],
    ['a script that reads another file', 'TZ=UTC\n\nsource /etc/nocobase.env\n', 3],
    ['an export of several', `TZ=UTC\nexport TZ=UTC APP_AES_SECRET_KEY=${AES}\n`, 2],
    ['JSON', `{\n"APP_AES_SECRET_KEY": "${AES}"\n}`, 1],
    ['JavaScript', `process.env.APP_AES_SECRET_KEY = "${AES}"\n`, 1],
    ['a name alone, whose value is elsewhere', 'TZ=UTC\r\nAPP_AES_SECRET_KEY\r\n', 2],
    ['a name on a line and the value on the next', `TZ=UTC\rAPP_AES_SECRET_KEY:\r${AES}\r`, 2],
    ['a key inside of quotes, or beside quotes that nobody closed', `A='tis\nAPP_AES_SECRET_KEY=${AES}\nB='twas\n`, 2],
    ['a further key', 'ENV ENCRYPTION_FIELD_KEY_PATH=/run/secrets/fields\n', 1],
  ])('%s', async (_, content, line) => {
    command.secret(AES);
    const { code, stdout, stderr } = await importWith(content, 'variables');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(`^Line ${line} of \\S+/variables (is neither NAME=value|has APP_AES_SECRET_KEY inside)`),
    );
    expect(stderr).toContain('docker compose exec -T app env | npx cdk-nocobase import-keys … --environment -');
    expect(aws.requests).toEqual([]);
  });

  test.each(['', '\n\n', '# APP_KEY=of-another-time\n'])('%j sets nothing', async (content) => {
    const { code, stderr } = await importWith(content);
    expect(code).toBe(1);
    expect(stderr).toContain('/.env sets no variable, so nothing is known of how NocoBase was started.');
    expect(aws.requests).toEqual([]);
  });
});
