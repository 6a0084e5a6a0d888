import * as fs from 'node:fs';
import * as path from 'node:path';
import { commandForTests } from './command';
import type { Failure } from './fake-secrets-manager';

const command = commandForTests();
const { aws } = command;

/** The arguments for a NocoBase whose keys are in order. */
function nocobase(): string[] {
  const storage = command.files({
    'apps/main/aes_key.dat': command.newKey(),
    'apps/main/jwt_secret.dat': command.newKey(),
  });
  return [storage, '--secret', 'nocobase-keys'];
}

describe('region and credentials', () => {
  const CONFIG = `[profile work]
region = eu-west-1
aws_access_key_id = AKIDWORK
aws_secret_access_key = example
[profile empty]
region = eu-west-1
[profile mfa]
region = eu-west-1
role_arn = arn:aws:iam::111122223333:role/admin
source_profile = work
mfa_serial = arn:aws:iam::111122223333:mfa/me
[profile sso]
region = eu-west-1
sso_session = company
sso_account_id = 111122223333
sso_role_name = admin
[sso-session company]
sso_region = eu-west-1
sso_start_url = https://company.awsapps.com/start
`;
  const nobody = { AWS_REGION: undefined, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  let profiles: NodeJS.ProcessEnv;
  beforeAll(() => {
    fs.writeFileSync(path.join(command.folder, 'config'), CONFIG);
    profiles = { ...nobody, AWS_CONFIG_FILE: path.join(command.folder, 'config') };
  });

  /** Who asked, and of which region. */
  const scopes = () =>
    aws.requests.map(({ authorization }) => /Credential=(\w+)\/\d+\/([\w-]+)\//.exec(authorization)?.slice(1));

  test.each<[string, readonly string[], NodeJS.ProcessEnv, string[]]>([
    ['--region', ['--region', 'us-east-2'], {}, ['AKIDEXAMPLE', 'us-east-2']],
    ['AWS_REGION', [], {}, ['AKIDEXAMPLE', 'eu-central-1']],
    [
      'AWS_DEFAULT_REGION',
      [],
      { AWS_REGION: undefined, AWS_DEFAULT_REGION: 'eu-north-1' },
      ['AKIDEXAMPLE', 'eu-north-1'],
    ],
  ])('%s says where', async (_, args, env, expected) => {
    await command.importKeys([...nocobase(), ...args], { env });
    expect(scopes()).toEqual([expected]);
  });

  test.each<[string, readonly string[], NodeJS.ProcessEnv]>([
    ['--profile', ['--profile', 'work'], {}],
    ['AWS_PROFILE', [], { AWS_PROFILE: 'work' }],
  ])('%s says who and where', async (_, args, env) => {
    await command.importKeys([...nocobase(), ...args], { env: { ...profiles, ...env } });
    expect(scopes()).toEqual([['AKIDWORK', 'eu-west-1']]);
  });

  test.each<[string, readonly string[], string]>([
    ['no region', [], 'In which region? Say --region eu-central-1, for example'],
    ['a region that cannot be one', ['--region', 'eu central'], '--region is not the name of a region.'],
    [
      'no credentials',
      ['--region', 'eu-west-1'],
      'There are no AWS credentials. Name a profile (--profile), or sign in',
    ],
    [
      'a profile that is not there',
      ['--region', 'eu-west-1', '--profile', 'wrok'],
      'no AWS credentials for profile wrok.',
    ],
    ['a profile without credentials', ['--profile', 'empty'], 'There are no AWS credentials for profile empty.'],
    [
      'a profile that wants a code',
      ['--profile', 'mfa'],
      'aws configure export-credentials --profile mfa --format env',
    ],
    ['a session that is over', ['--profile', 'sso'], 'Sign in (aws sso login --profile sso)'],
  ])('%s is told after the keys were checked', async (_, args, sentence) => {
    const { code, stdout, stderr } = await command.importKeys([...nocobase(), ...args], { env: profiles });
    expect(code).toBe(1);
    expect(stdout).toContain('APP_AES_SECRET_KEY  32 bytes');
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at |Error:|Warning/m);
    expect(aws.requests).toEqual([]);
  });
});

describe('what AWS refuses', () => {
  const ME = 'arn:aws:sts::111122223333:assumed-role/kms-and-more/me@example.com';
  const DENIED = `User: ${ME} is not authorized to perform: secretsmanager:CreateSecret on resource: nocobase-keys because no identity-based policy allows the secretsmanager:CreateSecret action`;

  test.each<[Failure, readonly string[], string]>([
    [
      { error: 'AccessDeniedException', message: DENIED },
      [],
      `AWS does not let ${ME} do secretsmanager:CreateSecret on nocobase-keys in eu-central-1.`,
    ],
    [
      { error: 'AccessDeniedException', message: `${DENIED} with an explicit deny` },
      [],
      'A policy denies it expressly',
    ],
    [
      { error: 'AccessDeniedException', message: 'Access to KMS is not allowed' },
      ['--kms-key', 'alias/nocobase'],
      'AWS does not let you use the KMS key alias/nocobase through Secrets Manager.',
    ],
    [
      {
        error: 'AccessDeniedException',
        message: DENIED.replaceAll('secretsmanager:CreateSecret', 'kms:GenerateDataKey'),
      },
      ['--kms-key', 'alias/nocobase'],
      `AWS does not let ${ME} use the KMS key alias/nocobase through Secrets Manager.`,
    ],
    [
      { error: 'EncryptionFailure', message: 'no' },
      ['--kms-key', 'alias/no'],
      'cannot use the KMS key alias/no in eu-central-1.',
    ],
    [
      { error: 'InvalidParameterException' },
      ['--kms-key', 'alias/no'],
      'cannot use the KMS key alias/no in eu-central-1.',
    ],
    [{ error: 'ExpiredTokenException' }, [], 'Your AWS credentials have expired.'],
    [{ error: 'UnrecognizedClientException' }, [], 'AWS does not accept your credentials in eu-central-1'],
    [{ error: 'InvalidSignatureException' }, [], 'when the clock of this machine is wrong'],
    [
      {
        error: 'InvalidRequestException',
        message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
      },
      [],
      'A Secret called nocobase-keys is about to be deleted in eu-central-1',
    ],
    [{ error: 'LimitExceededException' }, [], 'Your account has as many Secrets in eu-central-1 as AWS allows.'],
    [
      { error: 'InternalServiceError', status: 500 },
      [],
      'AWS answered secretsmanager:CreateSecret with InternalServiceError.',
    ],
    [{ error: 'SomethingNew' }, [], 'AWS answered secretsmanager:CreateSecret with SomethingNew.'],
  ])('%j is told in a sentence', async (failure, args, sentence) => {
    aws.fails('CreateSecret', failure);
    const { code, stderr } = await command.importKeys([...nocobase(), ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at |Error:/m);
  });

  test('a Secret that may not be read cannot be compared', async () => {
    const args = nocobase();
    await command.importKeys(args);
    aws.fails('GetSecretValue', { error: 'AccessDeniedException', message: DENIED });
    const { code, stderr } = await command.importKeys(args);
    expect(code).toBe(1);
    expect(stderr).toContain('do secretsmanager:GetSecretValue on nocobase-keys');
    expect(stderr).toContain('to compare with a Secret that is already there');
  });

  test('an AWS that is not there is told', async () => {
    const { stderr } = await command.importKeys(nocobase(), {
      env: { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' },
    });
    expect(stderr).toContain('AWS Secrets Manager in eu-central-1 could not be reached (ECONNREFUSED).');
  });

  test('what it quotes of what it was sent is not repeated', async () => {
    for (const error of [
      'AccessDeniedException',
      'ValidationException',
      'InvalidParameterException',
      'EncryptionFailure',
      'Other',
    ]) {
      for (const frame of ['', '\n    at ']) {
        aws.fails('CreateSecret', (body) => ({
          error,
          message: `${frame}${body} is not valid: ${JSON.parse(body).SecretString}`,
        }));
        expect((await command.importKeys(nocobase())).code).toBe(1);
      }
    }
    aws.fails('CreateSecret', (body) => ({ error: JSON.parse(body).SecretString }));
    expect((await command.importKeys(nocobase())).code).toBe(1);
  });
});
