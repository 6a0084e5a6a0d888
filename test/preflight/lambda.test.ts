import { spawn } from 'node:child_process';
import * as path from 'node:path';
import type { CheckRequest } from '../../lib/preflight/request';
import { FakeAws, type SecretState } from './fake-aws';

const BUNDLE = path.join(__dirname, '../../lib/preflight/bundle/index.js');
const PREFIX = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:';
const PARAMETERS = 'arn:aws:ssm:eu-central-1:111122223333:parameter/';
const AES_KEY = '0123456789abcdef'.repeat(4);

const aws = new FakeAws();
beforeAll(() => aws.start());
afterAll(() => aws.stop());
beforeEach(() => aws.reset());

const APP_KEY: CheckRequest = {
  Variable: 'APP_KEY',
  Rule: 'notBlank',
  SecretArn: `${PREFIX}app-key-a1b2c3`,
  Prop: 'keys',
};
const AES: CheckRequest = {
  Variable: 'APP_AES_SECRET_KEY',
  Rule: 'aes256Hex',
  SecretArn: `${PREFIX}aes-key-a1b2c3`,
  Prop: 'keys',
};

const PARAMETER: CheckRequest = {
  ...APP_KEY,
  SecretArn: `${PARAMETERS}prod/app-key`,
  ParameterName: '/prod/app-key',
};

interface Outcome {
  readonly status: string;
  readonly reason: string;
  readonly output: string;
  readonly answer: Record<string, string>;
  readonly headers: Record<string, unknown>;
  readonly exitCode: number | null;
}

interface Invocation {
  readonly checks?: unknown;
  readonly requestType?: string;
  readonly remainingMs?: number;
  readonly responseUrl?: string;
  readonly maintenanceRule?: string;
}

/** Loads the bundle as Lambda does, in a process of its own, and calls it once. */
async function invoke(invocation: Invocation): Promise<Outcome> {
  const event = {
    RequestType: invocation.requestType ?? 'Create',
    ResponseURL: invocation.responseUrl ?? `${aws.url}/answer?X-Amz-Signature=very-secret`,
    StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Prod/1',
    RequestId: 'request-1',
    LogicalResourceId: 'PreflightCheck0123',
    ResourceProperties: {
      ServiceToken: 'arn',
      Checks: invocation.checks,
      MaintenanceRule: invocation.maintenanceRule,
    },
  };
  const main = `
    const { handler } = require(${JSON.stringify(BUNDLE)});
    const end = Date.now() + ${invocation.remainingMs ?? 30_000};
    handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => end - Date.now() });`;
  const child = spawn(process.execPath, ['-e', main], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: aws.environment,
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const { body, headers } = aws.answers[0] ?? { body: '{}', headers: {} };
  const answer = JSON.parse(body);
  return { status: answer.Status, reason: answer.Reason, output, answer, headers, exitCode };
}

test('answers SUCCESS when every value is as it must be', async () => {
  aws.secret(APP_KEY.SecretArn, { text: 'some key' });
  aws.secret(AES.SecretArn, { text: AES_KEY });
  const { answer, headers, output, exitCode } = await invoke({ checks: [APP_KEY, AES] });
  expect(answer).toEqual({
    Status: 'SUCCESS',
    PhysicalResourceId: 'nocobase-preflight',
    StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Prod/1',
    RequestId: 'request-1',
    LogicalResourceId: 'PreflightCheck0123',
  });
  // S3 refuses a signed URL with a content type that was not signed.
  expect(headers['content-type']).toBe('');
  expect(exitCode).toBe(0);
  expect(output).not.toContain('some key');
  expect(output).not.toContain(AES_KEY);
});

test('names every failing check in one reason, and gives away no value', async () => {
  aws.secret(APP_KEY.SecretArn, { text: '  ' });
  aws.secret(AES.SecretArn, { text: 'Tr0ub4dor&3' });
  const { status, reason, output } = await invoke({ checks: [APP_KEY, AES] });
  expect(status).toBe('FAILED');
  expect(reason).toBe(
    'NocoBase preflight: 2 of 2 checks failed; nothing that holds data was touched. ' +
      "(1) APP_KEY (prop 'keys'): Secret app-key-a1b2c3 is nothing but white space. " +
      `Give it a value (aws secretsmanager put-secret-value --secret-id ${APP_KEY.SecretArn} --secret-string file://value.txt), then deploy again. ` +
      "(2) APP_AES_SECRET_KEY (prop 'keys'): Secret aes-key-a1b2c3 has 11 characters, among them characters other than 0-9 and a-f; it must be exactly 64 hexadecimal characters. " +
      `Give it a value (aws secretsmanager put-secret-value --secret-id ${AES.SecretArn} --secret-string "$(openssl rand -hex 32)"), then deploy again. ` +
      'If the database already has data, put back the original key and no other: with a new one its encrypted fields are lost.',
  );
  expect(output + reason).not.toContain('Tr0ub4dor');
});

test.each([
  ['is not there', undefined, 'does not exist in this account and region'],
  [
    'has no value yet',
    {
      error: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    },
    'has no value yet',
  ],
  [
    'is scheduled for deletion',
    {
      error: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    },
    'is scheduled for deletion',
  ],
  [
    'may not be read',
    {
      error: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: secretsmanager:GetSecretValue on resource: y because no identity-based policy allows the secretsmanager:GetSecretValue action',
    },
    'may not be read (no identity-based policy allows the secretsmanager:GetSecretValue action)',
  ],
  [
    'is encrypted with a key that may not be used',
    { error: 'AccessDeniedException', message: 'Access to KMS is not allowed' },
    'cannot be decrypted: its KMS key is disabled or does not let this stack use it',
  ],
  [
    'is encrypted with a key that is disabled',
    { error: 'DecryptionFailure', message: "Secrets Manager can't decrypt the protected secret text" },
    'cannot be decrypted: its KMS key is disabled or does not let this stack use it',
  ],
  ['is binary', { binary: 'top secret' }, 'is binary; ECS injects text only'],
  [
    'brings an error nobody thought of',
    { error: 'TeapotException', message: 'short and stout' },
    'could not be read: TeapotException (HTTP 400',
  ],
])('says so when a Secret %s', async (_, state, sentence) => {
  if (state) aws.secret(APP_KEY.SecretArn, state);
  const { status, reason, output } = await invoke({ checks: [APP_KEY] });
  expect(status).toBe('FAILED');
  expect(reason).toContain(`APP_KEY (prop 'keys'): Secret app-key-a1b2c3 ${sentence}`);
  expect(output + reason).not.toContain('top secret');
});

test('reads a parameter decrypted, by its ARN', async () => {
  aws.secret(PARAMETER.SecretArn, { text: 'some key' });
  const aes = { ...AES, SecretArn: `${PARAMETERS}aes-key`, ParameterName: 'aes-key' };
  aws.secret(aes.SecretArn, { text: AES_KEY });
  const { status, output } = await invoke({ checks: [PARAMETER, aes] });
  expect(status).toBe('SUCCESS');
  expect(output).not.toContain('some key');
});

test('tells how to write a parameter: by its name, as an ARN is not taken', async () => {
  aws.secret(PARAMETER.SecretArn, { text: ' ' });
  const { reason } = await invoke({ checks: [PARAMETER] });
  expect(reason).toContain(
    "APP_KEY (prop 'keys'): parameter /prod/app-key is nothing but white space. " +
      'Give it a value (aws ssm put-parameter --name /prod/app-key --type SecureString --overwrite --value file://value.txt), then deploy again.',
  );
});

test.each<[string, SecretState | undefined, string]>([
  ['is not there', undefined, 'does not exist in this account and region'],
  [
    'holds its value in clear text',
    { text: 'top secret', type: 'String' },
    'is a String: everybody who may read parameters sees the value',
  ],
  [
    'may not be read',
    {
      error: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:eu-central-1:111122223333:parameter/kms/key because no identity-based policy allows the ssm:GetParameter action',
    },
    'may not be read (no identity-based policy allows the ssm:GetParameter action)',
  ],
  [
    'is encrypted with a key that may not be used',
    {
      error: 'AccessDeniedException',
      message: 'User: x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext',
    },
    'cannot be decrypted: its KMS key is disabled or does not let this stack use it',
  ],
  [
    'is encrypted with a key that is gone',
    { error: 'InvalidKeyId', message: 'arn:aws:kms:eu-central-1:111122223333:key/1 is pending deletion' },
    'cannot be decrypted: its KMS key is disabled',
  ],
  [
    'brings an error nobody thought of',
    { error: 'TeapotException', message: 'top secret' },
    'could not be read: TeapotException (HTTP 400',
  ],
  [
    'brings an answer that cannot be read',
    { garbage: '{"Parameter": {"Value": "top secret' },
    'could not be read: no usable answer from Parameter Store',
  ],
])('says so when a parameter %s', async (_, state, sentence) => {
  if (state) aws.secret(PARAMETER.SecretArn, state);
  const { status, reason, output } = await invoke({ checks: [PARAMETER] });
  expect(status).toBe('FAILED');
  expect(reason).toContain(`APP_KEY (prop 'keys'): parameter /prod/app-key ${sentence}`);
  expect(output + reason).not.toContain('top secret');
});

test('waits for IAM when it is denied a parameter at first', async () => {
  aws.secret(PARAMETER.SecretArn, { error: 'AccessDeniedException', message: 'not yet' }, { text: 'some key' });
  const { status } = await invoke({ checks: [PARAMETER], remainingMs: 60_000 });
  expect(status).toBe('SUCCESS');
  expect(aws.asked).toHaveLength(2);
});

test('reads each Secret once, however many of its fields are checked', async () => {
  const shared = `${PREFIX}shared-a1b2c3`;
  aws.secret(shared, { text: JSON.stringify({ key: 'k', aes: AES_KEY }) });
  const { status } = await invoke({
    checks: [
      { ...APP_KEY, SecretArn: shared, JsonField: 'key' },
      { ...AES, SecretArn: shared, JsonField: 'aes' },
    ],
  });
  expect(status).toBe('SUCCESS');
  expect(aws.asked).toEqual([shared]);
});

test('waits for IAM when it is denied a Secret at first', async () => {
  aws.secret(APP_KEY.SecretArn, { error: 'AccessDeniedException', message: 'not yet' }, { text: 'some key' });
  const { status } = await invoke({ checks: [APP_KEY], remainingMs: 60_000 });
  expect(status).toBe('SUCCESS');
  expect(aws.asked).toHaveLength(2);
});

test('answers a Delete with SUCCESS without reading anything', async () => {
  const { status } = await invoke({ requestType: 'Delete', checks: [APP_KEY] });
  expect(status).toBe('SUCCESS');
  expect(aws.asked).toEqual([]);
});

test('checks on Update as on Create', async () => {
  const { status } = await invoke({ requestType: 'Update', checks: [APP_KEY] });
  expect(status).toBe('FAILED');
});

test('quotes nothing of an answer that it cannot read', async () => {
  aws.secret(APP_KEY.SecretArn, { garbage: '{"SecretString": "hunter2' });
  const { status, reason, output } = await invoke({ checks: [APP_KEY] });
  expect(status).toBe('FAILED');
  expect(reason).toContain('could not be read: no usable answer from Secrets Manager');
  expect(output + reason).not.toContain('hunter2');
});

test('answers FAILED when it cannot make sense of the request', async () => {
  const { status, reason } = await invoke({ checks: undefined });
  expect(status).toBe('FAILED');
  expect(reason).toMatch(/^NocoBase preflight: the check itself failed \(TypeError\)/);
});

test('answers FAILED when time runs out', async () => {
  const { status, reason } = await invoke({ checks: [APP_KEY], remainingMs: 0 });
  expect(status).toBe('FAILED');
  expect(reason).toContain('could not be read in time');
});

test('sends the answer again when it is not taken', async () => {
  aws.secret(APP_KEY.SecretArn, { text: 'some key' });
  aws.refusals = [503, 500];
  const { status, exitCode } = await invoke({ checks: [APP_KEY] });
  expect(status).toBe('SUCCESS');
  expect(exitCode).toBe(0);
});

test('fails, so that Lambda calls again, when nobody takes the answer; the URL stays unknown', async () => {
  const { output, exitCode } = await invoke({
    requestType: 'Delete',
    responseUrl: 'https://127.0.0.1:9/?X-Amz-Signature=very-secret',
  });
  expect(exitCode).not.toBe(0);
  expect(output).toContain('CloudFormation did not take the answer: ');
  expect(output).not.toContain('127.0.0.1');
  expect(output).not.toContain('very-secret');
});

describe('maintenance', () => {
  beforeEach(() => aws.secret(APP_KEY.SecretArn, { text: 'some key' }));
  const check = (requestType = 'Create') => invoke({ checks: [APP_KEY], maintenanceRule: 'hold', requestType });

  test('that is off lets a deployment pass, and so does a rule that the first deployment has still to make', async () => {
    aws.rule('hold', { state: 'DISABLED' });
    expect((await check()).status).toBe('SUCCESS');
    aws.reset();
    aws.secret(APP_KEY.SecretArn, { text: 'some key' });
    expect((await check()).status).toBe('SUCCESS');
    expect(aws.asked).toContain('hold');
  });

  test('that is on refuses it, and says how to go on', async () => {
    aws.rule('hold', { state: 'ENABLED' });
    const { status, reason } = await check();
    expect(status).toBe('FAILED');
    expect(reason).toBe(
      'NocoBase preflight: maintenance is on, and this deployment would end it. No node was started or stopped. ' +
        'End it first (npx cdk-nocobase maintenance end --stack Prod, or the state machine of the output MaintenanceStateMachine with {"do": "end"}), then deploy again. ' +
        'If NocoBase does not answer any more: the same with --force, or with {"do": "end", "force": true}.',
    );
  });

  test('that is on keeps nothing from being deleted', async () => {
    aws.rule('hold', { state: 'ENABLED' });
    expect((await check('Delete')).status).toBe('SUCCESS');
    expect(aws.asked).toEqual([]);
  });

  test('is asked for again where IAM has not heard of the role yet', async () => {
    aws.rule('hold', { error: 'AccessDeniedException', message: 'not yet' }, { state: 'ENABLED' });
    const { reason } = await invoke({ checks: [APP_KEY], maintenanceRule: 'hold', remainingMs: 60_000 });
    expect(reason).toMatch(/maintenance is on/);
  });

  test('that cannot be asked for refuses it', async () => {
    aws.rule('hold', { error: 'InternalException', message: 'disturbed' });
    const { status, reason } = await check();
    expect(status).toBe('FAILED');
    expect(reason).toMatch(/^NocoBase preflight: whether maintenance is on could not be read: InternalException/);
  });

  test('is nothing to a cluster without a rule for it', async () => {
    expect((await invoke({ checks: [APP_KEY] })).status).toBe('SUCCESS');
    expect(aws.asked).toEqual([APP_KEY.SecretArn]);
  });
});
