import * as fs from 'node:fs';
import * as path from 'node:path';
import { commandForTests, printedByEnv, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

test('the files of a running NocoBase become a Secret that a cluster can take', async () => {
  const aesKey = command.newKey();
  const storage = command.files({ 'apps/main/aes_key.dat': aesKey, 'apps/main/jwt_secret.dat': command.newKey() });

  const { code, stdout, stderr } = await command.importKeys([storage, ...TARGET]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(aws.actions).toEqual(['CreateSecret']);
  expect(Object.keys(aws.fields('nocobase-keys'))).toEqual(['APP_KEY', 'APP_AES_SECRET_KEY']);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).toContain(`APP_AES_SECRET_KEY  32 bytes, from ${storage}/apps/main/aes_key.dat\n`);
  expect(stdout).toContain('The Secret nocobase-keys in eu-central-1, account 111122223333 was made.');
  expect(stdout).toContain("keys: ApplicationKeys.fromSecret(Secret.fromSecretNameV2(this, 'Keys', 'nocobase-keys'))");
});

test('a jwt_secret.dat is no text: APP_KEY is made new, and both ways of going on are told', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  const { stdout } = await command.importKeys([storage, ...TARGET]);
  expect(aws.fields('nocobase-keys').APP_KEY).toMatch(/^[\w-]{64}$/);
  expect(stdout).toContain('APP_KEY             64 characters, made new\n');
  expect(stdout).toContain('with apps/main/jwt_secret.dat     it goes on to count: users stay signed in');
  expect(stdout).toContain(
    'without it                        APP_KEY of the Secret counts: all users sign in again once',
  );
});

test('two imports make two different new APP_KEYs', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  await command.importKeys([storage, '--secret', 'one']);
  await command.importKeys([storage, '--secret', 'two']);
  expect(aws.fields('one').APP_KEY).not.toBe(aws.fields('two').APP_KEY);
});

test('a jwt_secret.dat that somebody made of characters becomes APP_KEY', async () => {
  const text = command.secret('correct horse battery staple 123');
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey(), 'apps/main/jwt_secret.dat': text });
  const { stdout } = await command.importKeys([storage, ...TARGET]);
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(text);
  expect(stdout).not.toContain('sign in again');
});

test('an APP_KEY that is set is kept, also where jwt_secret.dat counts before it', async () => {
  const appKey = command.secret('kX7-some+key/of=our own');
  const files = { 'apps/main/aes_key.dat': command.newKey(), '.env': `APP_KEY=${appKey}\n` };
  const without = command.files(files);
  const run = await command.importKeys([without, '--secret', 'one', '--environment', path.join(without, '.env')]);
  expect(aws.fields('one').APP_KEY).toBe(appKey);
  expect(run.stdout).toContain(`APP_KEY             ${appKey.length} characters, from APP_KEY in ${without}/.env`);
  expect(run.stdout).not.toContain('!');

  const beside = command.files({ ...files, 'apps/main/jwt_secret.dat': command.newKey() });
  const { stdout } = await command.importKeys([beside, '--secret', 'two', '--environment', path.join(beside, '.env')]);
  expect(aws.fields('two').APP_KEY).toBe(appKey);
  expect(stdout).toContain('which counts before APP_KEY wherever it lies in the storage');
});

test('with UNSAFE_USE_DEFAULT_JWT_SECRET the variable counts, and the file is to stay behind', async () => {
  const appKey = command.secret('an-app-key-of-our-own');
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  const input = printedByEnv({ APP_KEY: appKey, UNSAFE_USE_DEFAULT_JWT_SECRET: 'true' });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(appKey);
  expect(stdout).toContain(`Leave ${storage}/apps/main/jwt_secret.dat behind when you copy the storage`);
});

test.each([
  ['no APP_KEY', {}],
  ['an empty one', { APP_KEY: '' }],
  ['a blank one', { APP_KEY: '   ' }],
  ['the constant that NocoBase falls back to', { APP_KEY: 'test-jwt-secret' }],
  ['the example of its Compose files', { APP_KEY: 'your-secret-key' }],
])(
  '%s is not taken over: everybody knows with what NocoBase signs then',
  async (_, variables: Record<string, string>) => {
    const storage = command.files({ 'apps/main/aes_key.dat': command.newKey() });
    const { code, stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], {
      input: printedByEnv(variables),
    });
    expect(code).toBe(0);
    expect(aws.fields('nocobase-keys').APP_KEY).toMatch(/^[\w-]{64}$/);
    expect(stdout).toContain('can sign in as anybody');
    expect(stdout).toContain('all users sign in again once, and API keys have to be made anew');
  },
);

test('a short APP_KEY is taken, and said to be weak', async () => {
  const storage = command.files({ 'apps/main/aes_key.dat': command.newKey() });
  const appKey = command.secret('gaeVoh3x');
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], {
    input: printedByEnv({ APP_KEY: appKey }),
  });
  expect(aws.fields('nocobase-keys').APP_KEY).toBe(appKey);
  expect(stdout).toContain('has 8 characters, few enough to be found by trial');
});

test('APP_AES_SECRET_KEY is taken, in the letters that a cluster wants', async () => {
  const aesKey = command.newKey();
  const storage = command.files({ 'uploads/a.txt': '' });
  const input = printedByEnv({
    APP_KEY: command.secret('an-app-key-of-our-own'),
    APP_AES_SECRET_KEY: aesKey.toString('hex').toUpperCase(),
  });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).toContain('from APP_AES_SECRET_KEY in the environment on standard input');
  expect(stdout).not.toContain('!');
});

test('of a longer value NocoBase reads 64 characters, and so does the command', async () => {
  const aesKey = command.newKey();
  const storage = command.files({ 'apps/main/jwt_secret.dat': command.newKey() });
  const input = printedByEnv({ APP_AES_SECRET_KEY: `${aesKey.toString('hex')} and more` });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).toContain('has 73 characters. NocoBase reads the first 64');
});

test('the 32 characters that NocoBase 1 took as they are become what NocoBase 2 needs', async () => {
  const text = command.secret('0123456789abcdefGHIJKLMNOPQRSTUV');
  const storage = command.files({ 'apps/main/jwt_secret.dat': command.newKey() });
  const input = printedByEnv({ APP_AES_SECRET_KEY: text });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(Buffer.from(text).toString('hex'));
  expect(stdout).toContain('only NocoBase 1 starts with');
});

test('a key of before 1.6 is found where NocoBase finds it', async () => {
  const aesKey = command.newKey();
  const storage = command.files({
    'environment-variables/main/aes_key.dat': aesKey,
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  const { stdout } = await command.importKeys([storage, ...TARGET]);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).toContain(`from ${storage}/environment-variables/main/aes_key.dat`);
});

test('of an older key beside the one that counts it is said that it was left out', async () => {
  const aesKey = command.newKey();
  const storage = command.files({
    'apps/main/aes_key.dat': aesKey,
    'apps/main/jwt_secret.dat': command.newKey(),
    'environment-variables/main/aes_key.dat': command.newKey(),
  });
  const { stdout } = await command.importKeys([storage, ...TARGET]);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
  expect(stdout).toContain(`! ${storage}/environment-variables/main/aes_key.dat holds another key`);
});

test.each(['/app/nocobase/storage/keys/aes', 'storage/keys/aes', './storage/keys/aes'])(
  'APP_AES_SECRET_KEY_PATH=%s is found in the storage',
  async (value) => {
    const aesKey = command.newKey();
    const storage = command.files({ 'keys/aes': aesKey, 'apps/main/jwt_secret.dat': command.newKey() });
    const input = printedByEnv({ APP_AES_SECRET_KEY_PATH: value });
    const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
    expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
    expect(stdout).toContain(`from ${storage}/keys/aes`);
  },
);

test('APP_AES_SECRET_KEY_PATH in a file of variables is found beside that file', async () => {
  const aesKey = command.newKey();
  const app = command.files({
    'secrets/aes': aesKey,
    'storage/apps/main/jwt_secret.dat': command.newKey(),
    '.env': 'APP_AES_SECRET_KEY_PATH=secrets/aes',
  });
  await command.importKeys([`${app}/storage`, ...TARGET, '--environment', `${app}/.env`]);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
});

test('without the environment the danger is told', async () => {
  const files = { 'apps/main/aes_key.dat': command.newKey(), 'apps/main/jwt_secret.dat': command.newKey() };
  const storage = command.files({ ...files, '.env': 'TZ=UTC\n' });
  const blind = await command.importKeys([storage, ...TARGET, '--dry-run']);
  expect(blind.stdout).toContain('! Only files were looked at.');
  expect(blind.stdout).toContain('the cluster cannot read what NocoBase has encrypted');
  const seeing = await command.importKeys([storage, ...TARGET, '--dry-run', '--environment', `${storage}/.env`]);
  expect(seeing.stdout).not.toContain('Only files were looked at');
});

test('keys that are not in the Secret and have to move too are told', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
    'apps/main/encryption-field-keys/270263524860909922913.key': command.newKey().toString('base64'),
  });
  const input = printedByEnv({ ENCRYPTION_FIELD_KEY: command.secret('a-key-for-fields') });
  const { stdout } = await command.importKeys([storage, ...TARGET, '--environment', '-'], { input });
  expect(stdout).toContain(`  ${storage}/apps/main/encryption-field-keys\n`);
  expect(stdout).toContain('Without them encrypted fields cannot be read.');
  expect(stdout).toContain('ENCRYPTION_FIELD_KEY in the environment on standard input is a key too');
});

test('a storage folder and files that are symbolic links are followed', async () => {
  const aesKey = command.newKey();
  const elsewhere = command.files({
    key: aesKey,
    'storage/apps/main/jwt_secret.dat': command.newKey(),
  });
  fs.symlinkSync(path.join(elsewhere, 'key'), path.join(elsewhere, 'storage/apps/main/aes_key.dat'));
  fs.symlinkSync(path.join(elsewhere, 'storage'), path.join(elsewhere, 'link'));
  await command.importKeys([`${elsewhere}/link`, ...TARGET]);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
});

test('files of others among the applications are no applications', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
    'apps/.DS_Store': 'x',
    'environment-variables/README': 'x',
  });
  const { code, stderr } = await command.importKeys([storage, ...TARGET]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('nothing in the storage is changed', async () => {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  const files = () => fs.readdirSync(storage, { recursive: true, encoding: 'utf8' }).sort();
  const before = files();
  await command.importKeys([storage, ...TARGET]);
  expect(files()).toEqual(before);
});

describe('several applications', () => {
  test('have one key in a cluster: where each has its own, nothing is done', async () => {
    const storage = command.files({
      'apps/main/aes_key.dat': command.newKey(),
      'apps/main/jwt_secret.dat': command.newKey(),
      'apps/sales/aes_key.dat': command.newKey(),
      'apps/idle/notes.txt': '',
    });
    const { code, stderr } = await command.importKeys([storage, ...TARGET]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'sales has an AES key of its own, but the nodes of a cluster have one key for all applications.',
    );
    expect(stderr).toContain('--app main');
    expect(aws.requests).toEqual([]);
  });

  test('can be left behind, and then it is said what that means', async () => {
    const sales = command.newKey();
    const storage = command.files({
      'apps/main/aes_key.dat': command.newKey(),
      'apps/main/jwt_secret.dat': command.newKey(),
      'apps/sales/aes_key.dat': sales,
      'environment-variables/hr/aes_key.dat': 'broken',
    });
    const { code, stdout } = await command.importKeys([storage, ...TARGET, '--app', 'sales']);
    expect(code).toBe(0);
    expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(sales.toString('hex'));
    expect(stdout).toContain('! hr, main have AES keys of their own.');
  });

  test('move together where they share a key', async () => {
    const shared = command.newKey();
    const apart = command.files({
      'apps/main/aes_key.dat': shared,
      'apps/main/jwt_secret.dat': command.newKey(),
      'apps/sales/aes_key.dat': shared,
    });
    expect((await command.importKeys([apart, '--secret', 'one'])).code).toBe(0);

    const set = command.files({
      'apps/main/jwt_secret.dat': command.newKey(),
      'apps/sales/aes_key.dat': command.newKey(),
    });
    const input = printedByEnv({ APP_AES_SECRET_KEY: shared.toString('hex') });
    expect((await command.importKeys([set, '--secret', 'two', '--environment', '-'], { input })).code).toBe(0);
  });
});
