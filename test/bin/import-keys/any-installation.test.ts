import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { importKeys } from '../../../bin/import-keys/command';
import { FakeSecretsManager } from './fake-secrets-manager';
import { leaks } from './leaks';

const FILES = ['apps/main/aes_key.dat', 'environment-variables/main/aes_key.dat', 'apps/main/jwt_secret.dat'] as const;
const CONSTANTS = ['', 'test-jwt-secret', 'your-secret-key', 'test-key'];

interface Installation {
  readonly files: Readonly<Partial<Record<(typeof FILES)[number], Buffer>>>;
  readonly variables: Readonly<Record<string, string | undefined>> | null;
  /** What the file of variables says, where it is not the usual form. */
  readonly written?: string;
}

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
const broken = fc.uint8Array({ maxLength: 48 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ unit: fc.constantFrom(...'abcXYZ0189+/=-_.:!'), minLength: 16, maxLength: 80 });
const absent = fc.constant(undefined);

/** Mostly in order: a third of them can be imported. */
const installation: fc.Arbitrary<Installation> = fc.tuple(key, key).chain(([aesKey, another]) => {
  const aesFile = fc.oneof(
    { arbitrary: fc.constantFrom(aesKey, undefined), weight: 8 },
    { arbitrary: fc.oneof(fc.constant(another), broken), weight: 1 },
  );
  return fc.record({
    files: fc.record({
      [FILES[0]]: aesFile,
      [FILES[1]]: fc.option(aesFile, { nil: undefined }),
      [FILES[2]]: fc.oneof(
        { arbitrary: fc.option(key, { nil: undefined }), weight: 8 },
        { arbitrary: broken, weight: 1 },
      ),
    }),
    variables: fc.option(
      fc.record({
        APP_KEY: fc.oneof(text, fc.constantFrom(...CONSTANTS), absent),
        APP_AES_SECRET_KEY: fc.oneof(
          { arbitrary: fc.constantFrom(aesKey.toString('hex'), undefined), weight: 8 },
          { arbitrary: text, weight: 1 },
        ),
        UNSAFE_USE_DEFAULT_JWT_SECRET: fc.constantFrom('true', 'false', undefined),
      }),
    ),
  });
});

/** NocoBase's rules, without those of the command: the AES key, or undefined where NocoBase would make one or not start. */
function aesKeyOf({ files, variables }: Installation): Buffer | undefined {
  const value = variables?.APP_AES_SECRET_KEY;
  const used = value ? Buffer.from(value, 'hex') : (files[FILES[0]] ?? files[FILES[1]]);
  // NocoBase 1: characters.
  return used?.length !== 32 && value?.length === 32 ? Buffer.from(value) : used?.length === 32 ? used : undefined;
}

function signingKeyOf({ files, variables }: Installation): Buffer | string {
  const appKey = variables?.APP_KEY || 'test-jwt-secret';
  return variables?.UNSAFE_USE_DEFAULT_JWT_SECRET === 'true' ? appKey : (files[FILES[2]] ?? appKey);
}

jest.setTimeout(60_000);

const aws = new FakeSecretsManager();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'any-installation-'));
const environment = { ...process.env };
let said = '';
let secrets = 0;

beforeAll(async () => {
  await aws.start();
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
  });
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      said += chunk;
      return true;
    });
  }
});

afterAll(async () => {
  jest.restoreAllMocks();
  process.env = environment;
  await aws.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Imports the keys of an installation that is written down for it. */
async function imported({ files, variables, written }: Installation) {
  aws.reset();
  said = '';
  const storage = fs.mkdtempSync(path.join(folder, 'storage-'));
  fs.mkdirSync(path.join(storage, 'uploads'));
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes === undefined) continue;
    fs.mkdirSync(path.dirname(path.join(storage, name)), { recursive: true });
    fs.writeFileSync(path.join(storage, name), bytes);
  }
  const args = [storage, '--secret', 'nocobase-keys'];
  if (variables !== null) {
    const lines = Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}='${value}'\n`],
    );
    fs.writeFileSync(path.join(storage, '.env'), written ?? lines.join(''));
    args.push('--environment', path.join(storage, '.env'));
  }
  const code = await importKeys.run(args);
  if (code === 0) secrets += 1;
  const made = aws.secrets.has('nocobase-keys') ? aws.fields('nocobase-keys') : undefined;
  return { code, made, said };
}

beforeEach(() => {
  secrets = 0;
});

/** A rule that is about Secrets says nothing where none is made. */
function expectManySecrets() {
  expect(secrets).toBeGreaterThan(RUNS.numRuns / 5);
}

const RUNS = { numRuns: 100, seed: 2026 };

test('whatever there is, no piece of a key is ever said', async () => {
  await fc.assert(
    fc.asyncProperty(installation, async (one) => {
      const { said, made } = await imported(one);
      const { APP_KEY, APP_AES_SECRET_KEY } = one.variables ?? {};
      const values = [APP_KEY, APP_AES_SECRET_KEY, ...Object.values(one.files), ...Object.values(made ?? {})];
      expect(
        leaks(
          said,
          values.filter((value) => value !== undefined),
        ),
      ).toEqual([]);
    }),
    RUNS,
  );
  expectManySecrets();
});

test('whatever there is, a Secret that is made decrypts what NocoBase has encrypted', async () => {
  await fc.assert(
    fc.asyncProperty(installation, async (one) => {
      const { made, code } = await imported(one);
      expect(code).toBe(made === undefined ? 1 : 0);
      if (made === undefined) return;
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-cbc', aesKeyOf(one)!, iv);
      const encrypted = Buffer.concat([cipher.update('a password'), cipher.final()]);
      // As a node of the cluster reads the variable.
      const decipher = createDecipheriv('aes-256-cbc', Buffer.from(made.APP_AES_SECRET_KEY!, 'hex'), iv);
      expect(Buffer.concat([decipher.update(encrypted), decipher.final()]).toString()).toBe('a password');
    }),
    RUNS,
  );
  expectManySecrets();
});

test('whatever there is, users stay signed in where that can be, and are said to sign in again where not', async () => {
  await fc.assert(
    fc.asyncProperty(installation, async (one) => {
      const { made, said } = await imported(one);
      if (made === undefined) return;
      const signingKey = signingKeyOf(one);
      const stays = made.APP_KEY === signingKey.toString();
      expect(stays).toBe(typeof signingKey === 'string' && !CONSTANTS.includes(signingKey));
      if (!stays) expect(said).toContain('all users sign in again once');
      expect(CONSTANTS).not.toContain(made.APP_KEY);
    }),
    RUNS,
  );
  expectManySecrets();
});

test('nothing is made where two AES keys disagree, or one is broken', async () => {
  await fc.assert(
    fc.asyncProperty(installation, key, async ({ files, variables }, other) => {
      const wrong: Installation[] = [
        { files: { ...files, [FILES[0]]: other }, variables: { ...variables, APP_AES_SECRET_KEY: 'ab'.repeat(32) } },
        {
          files: { ...files, [FILES[0]]: other.subarray(1) },
          variables: { ...variables, APP_AES_SECRET_KEY: undefined },
        },
      ];
      for (const one of wrong) expect(await imported(one)).toMatchObject({ code: 1, made: undefined });
    }),
    { ...RUNS, numRuns: 50 },
  );
});

const before = fc
  .array(
    fc.constantFrom(
      ...[
        ' ',
        '\t',
        '\r',
        '\n',
        '-',
        '- ',
        '"',
        "'",
        '`',
        '{',
        '[',
        '$',
        '\\',
        ';',
        ',',
        '.',
        'A=',
        'A: ',
        'A="',
        'B:',
      ],
      ...['export ', 'declare -x ', 'set ', 'ENV ', 'Environment=', '[Service]\n', '$env:', 'A\n', '\u2028', '\u200B'],
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const between = fc.constantFrom('=', ' = ', ': ', ':', '": "', "']='", '="', "='");
const after = fc.constantFrom('', '\n', '\r', '"', "'", '",\n', ' # ours', '\nB="\n', '\nTZ=UTC\n', "\nC='twas\n");

test('however a variable is written, a stale file never counts before it', async () => {
  await fc.assert(
    fc.asyncProperty(key, key, before, between, after, async (aesKey, stale, ...[start, sign, end]) => {
      const written = `${start}APP_AES_SECRET_KEY${sign}${aesKey.toString('hex')}${end}`;
      const { code, made, said } = await imported({ files: { [FILES[0]]: stale }, variables: {}, written });
      expect({ code, made }).toEqual({ code: 1, made: undefined });
      expect(leaks(said, [aesKey, stale])).toEqual([]);
    }),
    { ...RUNS, numRuns: 500 },
  );
});
