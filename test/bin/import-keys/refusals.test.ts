import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type Command, commandForTests, NOBODY, printedByEnv, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

/** The sentences of a run that does nothing. */
async function refusal(args: readonly string[], options?: Parameters<Command['run']>[1]): Promise<string> {
  const { code, stdout, stderr } = await command.importKeys(args, options);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(aws.requests).toEqual([]);
  expect(stderr).not.toMatch(/^\s+at |Error:/m);
  return stderr;
}

/** A storage with all that is needed, and some of it different. */
function storage(different: Readonly<Record<string, Buffer | string>> = {}): string {
  return command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
    ...different,
  });
}

describe('arguments', () => {
  test.each([
    [['--secret', 'nocobase-keys'], 'Which NocoBase? Name its storage folder'],
    [['./storage'], 'What shall the Secret be called?'],
    [['./storage', '--secret'], "Option '--secret <value>' argument missing"],
    [['./storage', '--secret', 'a b'], '--secret: a name has up to 512 letters'],
    [['./storage', '--secret', 'nocobase-secret'], 'a name must not end in a hyphen and six characters'],
    [['./storage', '--secret', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:x'], 'an ARN was given'],
    [['./storage', ...TARGET, '--app', '../main'], '--app takes the name of an application'],
    [['./storage', ...TARGET, '--force'], "Unknown option '--force'. import-keys --help lists the options."],
  ])('%j are refused', async (args, sentence) => {
    expect(await refusal(args)).toContain(sentence);
  });

  test('a key that was pasted among them is not repeated', async () => {
    const key = command.newKey().toString('hex');
    for (const pasted of [[key], [`--aes-key=${key}`], ['--app', `${key}/`], ['--secret', `${key} `]]) {
      await refusal([storage(), ...TARGET, ...pasted]);
    }
    expect((await command.run([key])).code).toBe(1);
  });

  test('--help says all of them and does nothing', async () => {
    const { code, stdout } = await command.importKeys(['--help']);
    expect(code).toBe(0);
    for (const option of ['--secret', '--environment', '--app', '--region', '--profile', '--kms-key', '--dry-run']) {
      expect(stdout).toContain(option);
    }
    expect(aws.requests).toEqual([]);
  });

  test('the commands that there are are listed; there is no other', async () => {
    expect((await command.run(['--help'])).stdout).toMatch(/^ {2}import-keys {2}\w/m);
    for (const args of [[], ['export-keys']]) {
      const { code, stdout, stderr } = await command.run(args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^ {2}import-keys {2}\w/m);
    }
  });
});

describe('the storage folder', () => {
  test('has to be there', async () => {
    expect(await refusal(['./nowhere', ...TARGET])).toContain('The storage folder ./nowhere does not exist.');
  });

  test('has to be a folder', async () => {
    const folder = command.files({ 'backup.tgz': '' });
    expect(await refusal([`${folder}/backup.tgz`, ...TARGET])).toContain('backup.tgz is no folder.');
  });

  test('has to be the one of a NocoBase', async () => {
    const app = command.files({ 'storage/apps/main/aes_key.dat': command.newKey(), 'package.json': '{}' });
    expect(await refusal([app, ...TARGET])).toContain(`Did you mean ${app}/storage?`);
    expect(await refusal([command.files({ 'a.txt': '' }), ...TARGET])).toContain(
      'is not the storage folder of a NocoBase',
    );
  });
});

describe('a key file', () => {
  test.each([0, 1, 31, 33, 64, 65])('of %d bytes is none', async (size) => {
    for (const name of ['aes_key.dat', 'jwt_secret.dat']) {
      const folder = storage({ [`apps/main/${name}`]: Buffer.alloc(size, command.newKey()) });
      expect(await refusal([folder, ...TARGET])).toContain(`/apps/main/${name} has ${size} bytes. NocoBase writes 32`);
    }
  });

  test.each([0, 0x20, 0xff])('of one and the same byte (%d) is none', async (byte) => {
    const folder = storage({ 'apps/main/aes_key.dat': Buffer.alloc(32, byte) });
    expect(await refusal([folder, ...TARGET])).toContain('no key but a broken copy');
  });

  test('that is huge is not read', async () => {
    const folder = storage();
    fs.truncateSync(path.join(folder, 'apps/main/aes_key.dat'), 2 ** 40);
    expect(await refusal([folder, ...TARGET])).toContain('has 1099511627776 bytes');
  });

  test('that is a folder, a pipe or a link to nowhere is told', async () => {
    const folder = command.files({ 'apps/main/aes_key.dat/x': '' });
    expect(await refusal([folder, ...TARGET])).toContain('aes_key.dat is no file.');

    const pipe = storage();
    fs.rmSync(`${pipe}/apps/main/aes_key.dat`);
    execFileSync('mkfifo', [`${pipe}/apps/main/aes_key.dat`]);
    expect(await refusal([pipe, ...TARGET])).toContain('aes_key.dat is no file.');

    for (const place of ['apps/main/aes_key.dat', 'apps/main']) {
      const link = storage();
      fs.rmSync(path.join(link, place), { recursive: true });
      fs.symlinkSync('/app/nocobase/elsewhere', path.join(link, place));
      expect(await refusal([link, ...TARGET])).toContain(
        `${link}/${place} is a symbolic link to something that is not here.`,
      );
    }
  });

  test('that only the container may read is told, and how to read it', async () => {
    for (const place of ['apps/main/jwt_secret.dat', 'apps/main', 'apps']) {
      const folder = storage();
      fs.chmodSync(path.join(folder, place), 0);
      const told = await refusal([folder, ...TARGET], { uid: NOBODY });
      expect(told).toContain('may not be read by you: the container writes it as root.');
      expect(told).toContain('sudo -E');
      fs.chmodSync(path.join(folder, place), 0o700);
    }
  });
});

describe('a key that cannot be found', () => {
  test('is in the environment, so it is asked for', async () => {
    const key = command.newKey();
    const noAes = command.files({ 'apps/main/jwt_secret.dat': key });
    expect(await refusal([noAes, ...TARGET])).toContain('So NocoBase has its key from APP_AES_SECRET_KEY');
    const noJwt = command.files({ 'apps/main/aes_key.dat': key });
    expect(await refusal([noJwt, ...TARGET])).toContain('So NocoBase has its key from APP_KEY');
  });

  test('is not made new, where it is the one that data is encrypted with', async () => {
    const folder = command.files({ 'apps/main/jwt_secret.dat': command.newKey() });
    const told = await refusal([folder, ...TARGET, '--environment', '-'], { input: printedByEnv({}) });
    expect(told).toContain('There is no AES key');
    expect(told).toContain('A new key is not made: what is encrypted already could not be read with it.');
  });

  test('and is outside of the storage is to be handed over', async () => {
    for (const value of ['/run/secrets/aes', '../aes', '/app/nocobase/storage/missing']) {
      const told = await refusal([storage(), ...TARGET, '--environment', '-'], {
        input: printedByEnv({ APP_AES_SECRET_KEY_PATH: value }),
      });
      expect(told).toContain('the AES key is in a file of the container');
      expect(told).toContain("docker compose exec -T app sh -c 'env; printf");
    }
  });
});

test('what is told about a file of the container works', async () => {
  const aesKey = command.newKey();
  const outside = command.files({ aes: aesKey });
  const env = { APP_AES_SECRET_KEY_PATH: `${outside}/aes`, PATH: process.env.PATH };
  const folder = command.files({ 'apps/main/jwt_secret.dat': command.newKey() });
  const told = await refusal([folder, ...TARGET, '--environment', '-'], {
    input: printedByEnv({ APP_AES_SECRET_KEY_PATH: '/run/secrets/aes' }),
  });
  const script = /sh -c '(.*)' \|/.exec(told)?.[1];
  const input = execFileSync('sh', ['-c', script!], { env });
  const { code } = await command.importKeys([folder, ...TARGET, '--environment', '-'], { input });
  expect(code).toBe(0);
  expect(aws.fields('nocobase-keys').APP_AES_SECRET_KEY).toBe(aesKey.toString('hex'));
});

test('two different AES keys are not chosen from', async () => {
  const folder = storage();
  const input = printedByEnv({ APP_AES_SECRET_KEY: command.newKey().toString('hex') });
  const told = await refusal([folder, ...TARGET, '--environment', '-'], { input });
  expect(told).toContain(
    `There are two different AES keys: APP_AES_SECRET_KEY in the environment on standard input, and ${folder}/apps/main/aes_key.dat.`,
  );
  // The way out that is told.
  fs.renameSync(`${folder}/apps/main/aes_key.dat`, `${folder}/apps/main/aes_key.dat.old`);
  expect((await command.importKeys([folder, ...TARGET, '--environment', '-'], { input })).code).toBe(0);
});

test('an AES key that may not be read is not taken for a different one', async () => {
  const folder = storage();
  const file = `${folder}/apps/main/aes_key.dat`;
  const input = printedByEnv({ APP_AES_SECRET_KEY: fs.readFileSync(file).toString('hex') });
  fs.chmodSync(file, 0);
  const args = [folder, ...TARGET, '--environment', '-'];
  expect(await refusal(args, { input, uid: NOBODY })).toContain(`${file} may not be read by you`);
});

test.each([
  ['63 characters', 'a'.repeat(31) + 'b'.repeat(32), 'has 63 characters'],
  ['blanks', '    ', 'is nothing but white space'],
  ['base64', `${Buffer.alloc(32, 'key').toString('base64')}`, 'has 44 characters'],
])('an APP_AES_SECRET_KEY of %s is none', async (_, value, sentence) => {
  const folder = command.files({ 'apps/main/jwt_secret.dat': command.newKey() });
  const told = await refusal([folder, ...TARGET, '--environment', '-'], {
    input: printedByEnv({ APP_AES_SECRET_KEY: value }),
  });
  expect(told).toContain(sentence);
  expect(told).toContain('NocoBase does not start with it.');
});
