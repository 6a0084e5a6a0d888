import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Alias, type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ApplicationKeys, Redis, StoredSecret } from '../../lib';
import { newCluster, render } from '../cluster-fixture';

const ENV = { account: '111122223333', region: 'eu-central-1' };
const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/keys';
const KEY = 'arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const newStack = (app = new App(), id = 'Prod') => new Stack(app, id, { env: ENV });

/** What a role may do that was allowed to read it. */
function statements(stack: Stack, secret: StoredSecret): any[] {
  const role = new iam.Role(stack, 'Reader', { assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com') });
  secret.grantRead(role);
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

describe('a Secret', () => {
  test('is injected as a whole, or by one field', () => {
    const secret = Secret.fromSecretCompleteArn(newStack(), 'Keys', `${ARN}-a1b2c3`);
    expect(StoredSecret.inSecretsManager(secret)).toMatchObject({ arn: `${ARN}-a1b2c3`, hasField: false });
    expect(StoredSecret.inSecretsManager(secret, 'APP_KEY')).toMatchObject({
      arn: `${ARN}-a1b2c3:APP_KEY::`,
      hasField: true,
      storeArn: `${ARN}-a1b2c3`,
      storeName: 'prod/keys',
      field: 'APP_KEY',
    });
  });

  test('can be referred to where CloudFormation puts its value', () => {
    const stack = newStack();
    const secret = Secret.fromSecretCompleteArn(stack, 'Keys', `${ARN}-a1b2c3`);
    const reference = (field?: string) => stack.resolve(StoredSecret.inSecretsManager(secret, field).dynamicReference);
    expect(reference()).toBe(`{{resolve:secretsmanager:${ARN}-a1b2c3:SecretString:::}}`);
    expect(reference('a')).toBe(`{{resolve:secretsmanager:${ARN}-a1b2c3:SecretString:a::}}`);
  });

  test('with a complete ARN, also of another account, may be read by that and no other', () => {
    const stack = newStack();
    const arn = 'arn:aws:secretsmanager:eu-central-1:444455556666:secret:shared-a1b2c3';
    const encryptionKey = Key.fromKeyArn(stack, 'Key', KEY);
    const secret = Secret.fromSecretAttributes(stack, 'Shared', { secretCompleteArn: arn, encryptionKey });
    expect(statements(stack, StoredSecret.inSecretsManager(secret))).toEqual([
      {
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        Effect: 'Allow',
        Resource: arn,
      },
      {
        Action: 'kms:Decrypt',
        Effect: 'Allow',
        Resource: KEY,
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' } },
      },
    ]);
  });

  test.each<[string, (stack: Stack) => any]>([
    ['a partial ARN', (stack) => Secret.fromSecretPartialArn(stack, 'Keys', ARN)],
    ['a name', (stack) => Secret.fromSecretNameV2(stack, 'Keys', 'prod/keys')],
  ])('with %s may be read whatever its random end is, and as nothing longer', (_, imported) => {
    const stack = newStack();
    const [{ Resource }] = statements(stack, StoredSecret.inSecretsManager(imported(stack)));
    expect(render(Resource).replace('<AWS::Partition>', 'aws')).toBe(`${ARN}-??????`);
  });

  test('and its key of another stack know nothing of who reads them', () => {
    const app = new App();
    const platform = newStack(app, 'Platform');
    const key = new Key(platform, 'Key');
    const secret = new Secret(platform, 'Secret', { encryptionKey: key });
    const stack = newStack(app);
    const [, decrypting] = statements(stack, StoredSecret.inSecretsManager(secret));
    expect(decrypting.Action).toBe('kms:Decrypt');
    expect(() => app.synth()).not.toThrow();
    expect(platform.dependencies).toEqual([]);
  });

  test.each<[string, (stack: Stack) => IKey, any]>([
    [
      'made by the app',
      (stack) => new Alias(stack, 'Alias', { aliasName: 'company', targetKey: Key.fromKeyArn(stack, 'Key', KEY) }),
      { Resource: KEY, Condition: { StringEquals: expect.anything() } },
    ],
    [
      'that is known with its key',
      (stack) =>
        Alias.fromAliasAttributes(stack, 'Alias', {
          aliasName: 'alias/company',
          aliasTargetKey: Key.fromKeyArn(stack, 'Key', KEY),
        }),
      { Resource: KEY },
    ],
    [
      'that is known by its name',
      (stack) => Alias.fromAliasName(stack, 'Alias', 'alias/company'),
      { Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/company' } } },
    ],
    [
      'that was given for a key',
      (stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:444455556666:alias/company'),
      {
        Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':kms:eu-central-1:444455556666:key/*']] },
        Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/company' } },
      },
    ],
  ])('may be decrypted with the key of an alias %s: to a policy the alias is no key', (_, make, expected) => {
    const stack = newStack();
    const secret = new Secret(stack, 'Secret', { encryptionKey: make(stack) });
    const [, decrypting] = statements(stack, StoredSecret.inSecretsManager(secret));
    expect(decrypting).toMatchObject({ Action: 'kms:Decrypt', ...expected });
    expect(JSON.stringify(decrypting.Resource)).not.toContain('alias');
  });

  test.each<[string, (stack: Stack) => any]>([
    ['a name', (stack) => Secret.fromSecretNameV2(stack, 'Keys', 'prod-secret')],
    ['a partial ARN', (stack) => Secret.fromSecretPartialArn(stack, 'Keys', ARN.replace('prod/keys', 'prod-secret'))],
  ])('whose name ends like an ARN is not found by %s', (_, imported) => {
    expect(() => StoredSecret.inSecretsManager(imported(newStack()))).toThrow(
      "[Prod/Keys]: `secret` 'prod-secret' ends in a hyphen and six characters",
    );
  });

  test('whose name ends like an ARN is taken by its complete ARN', () => {
    const secret = Secret.fromSecretCompleteArn(newStack(), 'Keys', `${ARN}-secret-a1b2c3`);
    expect(() => StoredSecret.inSecretsManager(secret)).not.toThrow();
  });

  test('of another region is refused where it is used, and may be of another account', () => {
    const stack = newStack();
    const elsewhere = (arn: string) =>
      StoredSecret.inSecretsManager(Secret.fromSecretCompleteArn(stack, arn.slice(-60).replace(/\W/g, ''), arn));
    const check = (arn: string) => () => elsewhere(arn).checkRegion(stack, 'keys');
    expect(check(`${ARN.replace('eu-central-1', 'us-east-1')}-a1b2c3`)).toThrow(
      '`keys` (prod/keys) is in us-east-1, and has to be in eu-central-1. Replicate it there',
    );
    expect(check(`${ARN.replace('111122223333', '444455556666')}-a1b2c3`)).not.toThrow();
  });

  test('of another region is refused by a cluster, whatever it is for', () => {
    const arn = `${ARN.replace('eu-central-1', 'us-east-1')}-a1b2c3`;
    const keys = ApplicationKeys.fromSecret(Secret.fromSecretCompleteArn(newStack(), 'Keys', arn));
    expect(() => newCluster({ keys }, { env: ENV })).toThrow('`keys` (prod/keys) is in us-east-1');
    const password = StoredSecret.inSecretsManager(Secret.fromSecretCompleteArn(newStack(), 'Redis', arn));
    const redis = Redis.existing({ host: 'redis.example.com', password });
    expect(() => newCluster({ redis }, { env: ENV })).toThrow('`redis` (prod/keys) is in us-east-1');
  });

  test('has no key of another region', () => {
    const stack = newStack();
    const encryptionKey = Key.fromKeyArn(stack, 'Key', KEY.replace('eu-central-1', 'us-east-1'));
    const secret = new Secret(stack, 'Secret', { encryptionKey });
    expect(() => StoredSecret.inSecretsManager(secret)).toThrow(
      '[Prod/Secret]: `encryptionKey` is in us-east-1, and has to be in eu-central-1.',
    );
  });

  test.each([undefined, 'nocobase-keys'])('is not %j', (given) => {
    expect(() => StoredSecret.inSecretsManager(given as any)).toThrow(
      '`StoredSecret.inSecretsManager` takes a Secret of Secrets Manager, got:',
    );
    expect(() => StoredSecret.inParameterStore(given as any)).toThrow('takes a parameter of Parameter Store, got:');
  });

  test.each(['', 'a:b'])('has no field that is called %j', (field) => {
    const secret = Secret.fromSecretNameV2(newStack(), 'Keys', 'prod/keys');
    expect(() => StoredSecret.inSecretsManager(secret, field)).toThrow('`field` must be the name of a field');
  });

  test('may be known at the deployment only', () => {
    const stack = newStack();
    const { valueAsString } = new CfnParameter(stack, 'Arn');
    const { arn } = StoredSecret.inSecretsManager(Secret.fromSecretCompleteArn(stack, 'Keys', valueAsString), 'a');
    expect(render(stack.resolve(arn))).toBe('<Arn>:a::');
  });
});

describe('a parameter', () => {
  const secureString = (stack: Stack, encryptionKey?: Key) =>
    StringParameter.fromSecureStringParameterAttributes(stack, 'Parameter', {
      parameterName: '/prod/app-key',
      encryptionKey,
    });

  test('is injected as it is, and cannot be referred to', () => {
    const stack = newStack();
    const secret = StoredSecret.inParameterStore(secureString(stack));
    expect(render(stack.resolve(secret.arn))).toBe(
      'arn:<AWS::Partition>:ssm:eu-central-1:111122223333:parameter/prod/app-key',
    );
    expect(secret).toMatchObject({ hasField: false, storeName: '/prod/app-key', dynamicReference: undefined });
  });

  test('may be read, and nothing but read', () => {
    const stack = newStack();
    expect(statements(stack, StoredSecret.inParameterStore(secureString(stack)))).toEqual([
      { Action: ['ssm:GetParameters', 'ssm:GetParameter'], Effect: 'Allow', Resource: expect.anything() },
    ]);
  });

  test('with a key of another stack may be decrypted, and that key knows nothing of it', () => {
    const app = new App();
    const platform = newStack(app, 'Platform');
    const stack = newStack(app);
    const parameter = secureString(stack, new Key(platform, 'Key'));
    const [, decrypting] = statements(stack, StoredSecret.inParameterStore(parameter));
    expect(decrypting).toMatchObject({
      Action: 'kms:Decrypt',
      Condition: { StringEquals: { 'kms:ViaService': 'ssm.eu-central-1.amazonaws.com' } },
    });
    expect(() => app.synth()).not.toThrow();
    expect(platform.dependencies).toEqual([]);
  });

  test.each<[string, (stack: Stack) => any, string]>([
    [
      'was imported as a String',
      (stack) => StringParameter.fromStringParameterName(stack, 'Parameter', '/prod/app-key'),
      '`parameter` is a String: everybody who may read parameters would see the value.',
    ],
    [
      'is made by the app',
      (stack) => new StringParameter(stack, 'Parameter', { stringValue: 'x' }),
      '`parameter` is made by this app, and so no SecureString:',
    ],
  ])('that %s is refused', (_, make, message) => {
    const stack = newStack();
    expect(() => StoredSecret.inParameterStore(make(stack))).toThrow(message);
  });
});
