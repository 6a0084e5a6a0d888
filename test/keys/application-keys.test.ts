import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { ApplicationKeys, type ExistingKeys, GeneratedKeys, StoredSecret } from '../../lib';
import { newCluster, secrets, synthesize } from '../cluster-fixture';
import { named, stored } from '../part-fixture';

const SECRET = 'AWS::SecretsManager::Secret';
const newStack = () => new Stack(new App(), 'Prod');
const encryptionKey = Key.fromKeyArn(newStack(), 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/1');

function parameter(stack: Stack, name: string): StoredSecret {
  return StoredSecret.inParameterStore(
    StringParameter.fromSecureStringParameterAttributes(stack, name, { parameterName: `/nocobase/${name}` }),
  );
}

describe('one Secret', () => {
  const stack = newStack();
  const keys = ApplicationKeys.fromSecret(named(stack, 'keys')).bind(stack, { encryptionKey });

  test('has a field for each key', () => {
    expect(keys.appKey).toMatchObject({ storeName: 'keys', field: 'APP_KEY' });
    expect(keys.aesSecretKey).toMatchObject({ storeName: 'keys', field: 'APP_AES_SECRET_KEY' });
  });

  test('leaves the password of the first administrator, where it would be beside generated keys', () => {
    const other = newStack();
    ApplicationKeys.generated().bind(other, {});
    const id = (of: Stack) =>
      Object.keys(Template.fromStack(of).findResources(SECRET)).filter((each) => each.includes('RootPassword'));
    expect(id(stack)).toEqual(id(other));
    Template.fromStack(stack).hasResourceProperties(SECRET, { KmsKeyId: encryptionKey.keyArn });
    Template.fromStack(stack).resourceCountIs(SECRET, 1);
  });
});

test('keys may be in Secrets, fields and parameters as they come, and then none is made', () => {
  const stack = newStack();
  const given: ExistingKeys = {
    appKey: stored(stack, 'app'),
    aesSecretKey: parameter(stack, 'aes'),
    rootPassword: stored(stack, 'root', 'password'),
  };
  expect(ApplicationKeys.existing(given).bind(stack, {})).toEqual(given);
  Template.fromStack(stack).resourceCountIs(SECRET, 0);
});

test('nodes are injected them, and may read them', () => {
  const stack = newStack();
  const { template } = synthesize({
    keys: ApplicationKeys.existing({ appKey: stored(stack, 'app', 'key'), aesSecretKey: parameter(stack, 'aes') }),
  });
  const { APP_KEY, APP_AES_SECRET_KEY } = secrets(template);
  expect(JSON.stringify(APP_KEY)).toContain(':secret:app:key::');
  expect(JSON.stringify(APP_AES_SECRET_KEY)).toContain(':parameter/nocobase/aes');
  const readable = Object.values(template.findResources('AWS::IAM::Policy'))
    .map((policy) => JSON.stringify(policy))
    .filter((policy) => policy.includes(':secret:app-??????') && policy.includes(':parameter/nocobase/aes'));
  // Of the preflight check, and of what starts nodes.
  expect(readable).toHaveLength(2);
});

test.each<[string, (stack: Stack) => Partial<ExistingKeys>, string]>([
  [
    'Secret for two keys',
    (stack) => ({ appKey: stored(stack, 'keys'), aesSecretKey: stored(stack, 'keys') }),
    '`keys.aesSecretKey` is the same value as `keys.appKey`. Name a Secret, or a field of one, for each.',
  ],
  [
    'field for two keys',
    (stack) => ({ appKey: stored(stack, 'keys', 'a'), aesSecretKey: stored(stack, 'keys', 'a') }),
    '`keys.aesSecretKey` is the same value',
  ],
  [
    'parameter for key and password',
    (stack) => {
      const one = parameter(stack, 'one');
      return { appKey: one, rootPassword: one };
    },
    '`keys.rootPassword` is the same value as `keys.appKey`.',
  ],
])('one %s is refused', (_, given, message) => {
  const stack = newStack();
  const keys = { appKey: stored(stack, 'app'), aesSecretKey: stored(stack, 'aes'), ...given(stack) };
  expect(() => newCluster({ keys: ApplicationKeys.existing(keys) })).toThrow(message);
});

test.each<[string, () => ApplicationKeys, string]>([
  ['no Secret', () => ApplicationKeys.fromSecret(undefined as any), '[Prod/Keys]: `keys` is missing'],
  [
    'the ARN of a Secret',
    () => ApplicationKeys.fromSecret('arn' as any),
    '[Prod/Keys]: `keys` must be a Secret of Secrets Manager, got: string.',
  ],
  [
    'no key',
    () => ApplicationKeys.existing({ appKey: stored(newStack(), 'app'), aesSecretKey: undefined as any }),
    '`keys.aesSecretKey` is missing',
  ],
  [
    'a secret of ECS',
    () => {
      const [appKey, aesSecretKey] = ['app', 'aes'].map((name) => Secret.fromSecretsManager(named(newStack(), name)));
      return ApplicationKeys.existing({ appKey: appKey as any, aesSecretKey: aesSecretKey as any });
    },
    '`keys.appKey` is no StoredSecret',
  ],
])('%s is refused', (_, make, message) => {
  expect(() => make().bind(newStack(), {})).toThrow(message);
});

test('two fields of one Secret are two keys', () => {
  const stack = newStack();
  const keys = { appKey: stored(stack, 'keys', 'a'), aesSecretKey: stored(stack, 'keys', 'b') };
  expect(() => ApplicationKeys.existing(keys).bind(stack, {})).not.toThrow();
});

describe('generated keys on their own', () => {
  test('are those that the cluster gets', () => {
    const stack = newStack();
    const keys = new GeneratedKeys(stack, 'Shared');
    const bound = keys.bind(stack, {});
    expect(bound.appKey.storeArn).toBe(keys.appKey.secretArn);
    expect(bound.aesSecretKey.storeArn).toBe(keys.aesSecretKey.secretArn);
    expect(bound.rootPassword.storeArn).toBe(keys.rootPassword.secretArn);
    Template.fromStack(stack).resourceCountIs(SECRET, 3);
  });

  test('are encrypted with a key of the user', () => {
    const stack = newStack();
    new GeneratedKeys(stack, 'Shared', { encryptionKey });
    for (const { Properties } of Object.values(Template.fromStack(stack).findResources(SECRET))) {
      expect(Properties.KmsKeyId).toBe(encryptionKey.keyArn);
    }
  });

  test('may be read by somebody else, but for the password', () => {
    const stack = newStack();
    const keys = new GeneratedKeys(stack, 'Shared');
    keys.grantRead(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const [{ Properties }] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const readable = Properties.PolicyDocument.Statement.flatMap(({ Resource }: any) => Resource);
    expect(readable).toEqual(stack.resolve([keys.appKey.secretArn, keys.aesSecretKey.secretArn]));
  });
});
