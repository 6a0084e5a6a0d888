import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ApplicationKeys } from '../../../lib';
import { refusal as preflight } from '../../../lib/preflight/lambda/checks';
import { commandForTests, TARGET } from './command';

const command = commandForTests();
const { aws } = command;

const APP_KEY = 'Xo5Ohm1eiPhe/9a+b=';

/** A NocoBase whose keys are both known. */
function nocobase() {
  const aesKey = command.newKey();
  const storage = command.files({
    'apps/main/aes_key.dat': aesKey,
    '.env': `APP_KEY=${command.secret(APP_KEY)}\n`,
  });
  const fields = { APP_KEY, APP_AES_SECRET_KEY: aesKey.toString('hex') };
  return { fields, args: [storage, ...TARGET, '--environment', `${storage}/.env`] };
}

test('the Secret passes the check before a deployment', async () => {
  await command.importKeys(nocobase().args);
  const text = aws.secrets.get('nocobase-keys')!.text!;
  const check = { SecretArn: 'arn', Prop: 'keys' };
  expect(
    preflight({ ...check, Variable: 'APP_KEY', JsonField: 'APP_KEY', Rule: 'notBlank' }, { text }),
  ).toBeUndefined();
  const aes = { Variable: 'APP_AES_SECRET_KEY', JsonField: 'APP_AES_SECRET_KEY', Rule: 'aes256Hex' } as const;
  expect(preflight({ ...check, ...aes }, { text })).toBeUndefined();
});

describe('a Secret that is there already', () => {
  test('with the same keys is enough: a second run changes nothing and succeeds', async () => {
    const { args } = nocobase();
    await command.importKeys(args);
    const before = aws.secrets.get('nocobase-keys');
    const { code, stdout } = await command.importKeys(args);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'The Secret nocobase-keys in eu-central-1, account 111122223333 is already there, with the same keys. Nothing was changed.',
    );
    expect(stdout).toContain('keys: ApplicationKeys.fromSecret(');
    expect(aws.secrets.get('nocobase-keys')).toBe(before);
  });

  test('with an APP_KEY that was made at an earlier run is enough too', async () => {
    const storage = command.files({
      'apps/main/aes_key.dat': command.newKey(),
      'apps/main/jwt_secret.dat': command.newKey(),
    });
    await command.importKeys([storage, ...TARGET]);
    const { code, stdout } = await command.importKeys([storage, ...TARGET]);
    expect(code).toBe(0);
    expect(stdout).toContain('already there, with the same AES key and an APP_KEY that was made before.');
  });

  test('with further fields and other letters is enough too', async () => {
    const { args, fields } = nocobase();
    const there = { ...fields, APP_AES_SECRET_KEY: fields.APP_AES_SECRET_KEY.toUpperCase(), note: 'of 2024' };
    aws.has('nocobase-keys', JSON.stringify(there));
    expect((await command.importKeys(args)).code).toBe(0);
  });

  test.each<[string, (fields: Record<string, string>) => string | undefined, string]>([
    ['another APP_KEY', (fields) => JSON.stringify({ ...fields, APP_KEY: 'ieng8Ohdeecu5Iet' }), 'APP_KEY is'],
    [
      'another APP_AES_SECRET_KEY',
      (fields) => JSON.stringify({ ...fields, APP_AES_SECRET_KEY: '0123456789abcdef'.repeat(4) }),
      'APP_AES_SECRET_KEY is',
    ],
    ['one field only', ({ APP_KEY }) => JSON.stringify({ APP_KEY }), 'APP_AES_SECRET_KEY is'],
    [
      'fields of other types',
      () => '{"APP_KEY":[1,2],"APP_AES_SECRET_KEY":null}',
      'APP_AES_SECRET_KEY and APP_KEY are',
    ],
    ['text that is no JSON', () => 'Ahquu4Zoowo7aeshae', 'APP_AES_SECRET_KEY and APP_KEY are'],
    ['JSON that is no object', () => '"Ahquu4Zoowo7aeshae"', 'APP_AES_SECRET_KEY and APP_KEY are'],
    ['bytes', () => undefined, 'APP_AES_SECRET_KEY and APP_KEY are'],
  ])('with %s is left as it is, and the command fails', async (_, text, whose) => {
    const { args, fields } = nocobase();
    aws.has('nocobase-keys', text(fields));
    const before = aws.secrets.get('nocobase-keys');
    for (const dry of [[], ['--dry-run']]) {
      const { code, stderr } = await command.importKeys([...args, ...dry]);
      expect(code).toBe(1);
      expect(stderr).toContain(`There is a Secret called nocobase-keys already, and its ${whose}`);
      expect(stderr).toContain('Nothing was changed');
      expect(aws.secrets.get('nocobase-keys')).toBe(before);
    }
  });

  test('with the constant that everybody knows is not enough', async () => {
    const storage = command.files({
      'apps/main/aes_key.dat': command.newKey(),
      'apps/main/jwt_secret.dat': command.newKey(),
    });
    await command.importKeys([storage, ...TARGET]);
    const fields = { ...aws.fields('nocobase-keys'), APP_KEY: 'test-jwt-secret' };
    aws.has('nocobase-keys', JSON.stringify(fields));
    expect((await command.importKeys([storage, ...TARGET])).code).toBe(1);
  });

  test('is never written to, whatever there is', async () => {
    const { args } = nocobase();
    await command.importKeys(args);
    await command.importKeys(args);
    await command.importKeys([...args, '--dry-run']);
    await command.importKeys(nocobase().args);
    expect([...new Set(aws.actions)].sort()).toEqual(['CreateSecret', 'GetSecretValue']);
  });
});

describe('--dry-run', () => {
  test('says what would be made, and sends no key to AWS', async () => {
    const { code, stdout } = await command.importKeys([...nocobase().args, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('APP_AES_SECRET_KEY  32 bytes, from ');
    expect(stdout).toContain(
      'The Secret nocobase-keys in eu-central-1 would be made. Nothing was made: this was a dry run.',
    );
    expect(aws.requests.map(({ body }) => body)).toEqual([{ SecretId: 'nocobase-keys' }]);
  });

  test('says that it is there already', async () => {
    const { args } = nocobase();
    await command.importKeys(args);
    expect((await command.importKeys([...args, '--dry-run'])).stdout).toContain(
      'is already there, with the same keys.',
    );
  });
});

describe('the KMS key', () => {
  test('is the one of AWS, where none is named', async () => {
    await command.importKeys(nocobase().args);
    expect(aws.requests[0]!.body).not.toHaveProperty('KmsKeyId');
  });

  const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0d0ab1c9-9d7b-4a2f-8c5e-111111111111';

  test.each([
    [KEY_ARN, `Key.fromKeyArn(this, 'KeysKey', '${KEY_ARN}')`],
    [KEY_ARN.slice(-36), `Key.fromKeyArn(this, 'KeysKey', '${KEY_ARN}')`],
    ['alias/nocobase', "Key.fromLookup(this, 'KeysKey', { aliasName: 'alias/nocobase' })"],
    [
      'arn:aws:kms:eu-central-1:111122223333:alias/nocobase',
      "Key.fromLookup(this, 'KeysKey', { aliasName: 'alias/nocobase' })",
    ],
  ])('%s encrypts the Secret, and the cluster is told of it', async (key, code) => {
    const { stdout } = await command.importKeys([...nocobase().args, '--kms-key', key]);
    expect(aws.requests[0]!.body.KmsKeyId).toBe(key);
    expect(stdout).toContain(`encryptionKey: ${code},`);
    expect(stdout).toContain(
      "secretCompleteArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:nocobase-keys-AbCdEf'",
    );
  });
});

test.each<[string, readonly string[]]>([
  ['', []],
  [' of a Secret with a KMS key', ['--kms-key', '0d0ab1c9-9d7b-4a2f-8c5e-111111111111']],
])('the code that is printed gives both keys%s to the cluster', async (_, kms) => {
  const { stdout } = await command.importKeys([...nocobase().args, ...kms]);
  const code = stdout
    .slice(stdout.indexOf('keys: ') + 'keys: '.length)
    .trim()
    .replace(/,$/, '');
  const stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'eu-central-1' } });
  const made = new Function('ApplicationKeys', 'Secret', 'Key', `return ${code};`).call(
    stack,
    ApplicationKeys,
    Secret,
    Key,
  );
  const { appKey, aesSecretKey } = made.bind(new Construct(stack, 'NocoBase'), {});
  expect([appKey.field, aesSecretKey.field]).toEqual(['APP_KEY', 'APP_AES_SECRET_KEY']);
  expect(appKey.storeName).toBe('nocobase-keys');
  Template.fromStack(stack).resourceCountIs('AWS::SecretsManager::Secret', 1);
});
