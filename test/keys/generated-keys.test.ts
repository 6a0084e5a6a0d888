import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ApplicationKeys } from '../../lib';

function template(): Template {
  const stack = new Stack(new App(), 'Prod');
  ApplicationKeys.generated().bind(stack, {});
  return Template.fromStack(stack);
}

function rules(): { [id: string]: any } {
  return Object.fromEntries(
    Object.entries(template().findResources('AWS::SecretsManager::Secret')).map(([id, resource]) => [
      id,
      resource.Properties.GenerateSecretString,
    ]),
  );
}

test('the ids of the keys and the rules that generate them are frozen: editing them would generate new keys', () => {
  expect(rules()).toEqual({
    KeysAppKey8BFF7BC3: { PasswordLength: 64, ExcludePunctuation: true },
    KeysAesSecretKeyD8F822D9: {
      PasswordLength: 64,
      ExcludeCharacters: 'ghijklmnopqrstuvwxyz',
      ExcludeUppercase: true,
      ExcludePunctuation: true,
    },
    KeysRootPassword87A0D5F5: { PasswordLength: 32, ExcludePunctuation: true },
  });
});

test('what remains of the alphabet for the AES key are the lowercase hexadecimal digits', () => {
  const { ExcludeCharacters } = Object.values(rules()).find((rule) => rule.ExcludeUppercase);
  const remaining = [...'0123456789abcdefghijklmnopqrstuvwxyz'].filter((char) => !ExcludeCharacters.includes(char));
  expect(remaining.join('')).toBe('0123456789abcdef');
});

test('keys stay when the stack is deleted or they are replaced', () => {
  for (const resource of Object.values(template().findResources('AWS::SecretsManager::Secret'))) {
    expect(resource).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  }
});
