import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { NocoBaseImage } from '../../lib';
import { render } from '../cluster-fixture';
import { allowed, newStack, pull, text } from './pull';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const PRIVATE = 'registry.example.com/nocobase:2.2.15';

test.each([
  ['registry.example.com:5000/nocobase:2.2.15', 'registry.example.com:5000'],
  ['localhost:5000/nocobase:2.2.15', 'localhost:5000'],
  ['ghcr.io/someone/nocobase:2.2.15', 'ghcr.io'],
  [`nocobase/nocobase@${DIGEST}`, 'Docker Hub'],
  ['docker.io/nocobase/nocobase:2.2.15', 'Docker Hub'],
  ['nocobase:2.2.15', 'Docker Hub'],
])('%s is pulled as it is, from %s', (name, internet) => {
  const { image, binding, container } = pull(NocoBaseImage.fromRegistry(name));
  expect(image).toBe(name);
  expect(binding).toEqual({ reference: name, internet });
  expect(container.RepositoryCredentials).toBeUndefined();
});

test.each(['registry.example.com:5000/nocobase', 'registry.example.com/nocobase:latest', 'nocobase'])(
  '%s could be another image tomorrow',
  (name) => {
    expect(() => pull(NocoBaseImage.fromRegistry(name))).toThrow("`image` has the floating tag 'latest'");
  },
);

test('LATEST floats, too', () => {
  expect(() => pull(NocoBaseImage.fromRegistry('nocobase/nocobase:LATEST'))).toThrow("has the floating tag 'LATEST'");
});

test.each([
  ...['noco base:1', 'nocobase@sha256:abc', ''],
  ...['https://registry.example.com/nocobase:2.2.15', 'NocoBase/nocobase:2.2.15', 'nocobase/nocobase:'],
])('%j is no name', (name) => {
  expect(() => pull(NocoBaseImage.fromRegistry(name))).toThrow(`'${name}' is not the name of an image`);
});

test.each([
  '111122223333.dkr.ecr.eu-central-1.amazonaws.com/nocobase:2.2.15',
  '111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/nocobase:2.2.15',
  '111122223333.dkr-ecr.eu-central-1.on.aws/nocobase:2.2.15',
])('%s needs permissions that a registry does not have', (name) => {
  expect(() => pull(NocoBaseImage.fromRegistry(name))).toThrow(
    `'${name}' is in ECR, from where nodes pull by permissions. Write NocoBaseImage.fromEcr(repository, tag)`,
  );
});

test('ECR Public is a registry like others', () => {
  expect(pull(NocoBaseImage.fromRegistry('public.ecr.aws/x/nocobase:2.2.15')).binding.internet).toBe('public.ecr.aws');
});

test('a name that the deployment knows is taken as it is', () => {
  const stack = newStack();
  const name = new CfnParameter(stack, 'Name').valueAsString;
  const { image, binding } = pull(NocoBaseImage.fromRegistry(name), { stack });
  expect(image).toBe('<Name>');
  expect(binding.internet).toBe('its registry');
});

describe('credentials', () => {
  function pullWith(make: (stack: Stack) => secretsmanager.ISecret, stack = newStack()) {
    return pull(NocoBaseImage.fromRegistry(PRIVATE, { credentials: make(stack) }), { stack });
  }

  test('are handed to ECS by the ARN of their Secret, which the role that pulls may read', () => {
    const { container, statements } = pullWith((stack) => new secretsmanager.Secret(stack, 'Credentials'));
    const { CredentialsParameter } = container.RepositoryCredentials;
    expect(render(CredentialsParameter)).toMatch(/^<Credentials/);
    expect(allowed(statements)).toEqual({
      [render(CredentialsParameter)]: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
    });
  });

  test('are found by name where only that is known', () => {
    const { container, statements } = pullWith((stack) =>
      secretsmanager.Secret.fromSecretNameV2(stack, 'Credentials', 'registry'),
    );
    expect(container.RepositoryCredentials.CredentialsParameter).toBe('registry');
    expect(Object.keys(allowed(statements))).toEqual([expect.stringMatching(/:secret:registry-\?{6}$/)]);
  });

  test('are found by a name that ends like an ARN', () => {
    const { container, statements } = pullWith((stack) =>
      secretsmanager.Secret.fromSecretNameV2(stack, 'Credentials', 'team-docker'),
    );
    expect(container.RepositoryCredentials.CredentialsParameter).toBe('team-docker');
    expect(Object.keys(allowed(statements))).toEqual([expect.stringMatching(/:secret:team-docker-\?{6}$/)]);
  });

  test('are not found by a part of an ARN that ends like a whole one, of which CDK leaves the end out', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:team-docker';
    expect(() => pullWith((stack) => secretsmanager.Secret.fromSecretPartialArn(stack, 'Credentials', arn))).toThrow(
      "`secret` 'team-docker' ends in a hyphen and six characters",
    );
  });

  test('of another region need a complete ARN', () => {
    const stack = newStack({ env: { account: '111122223333', region: 'eu-central-1' } });
    const arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:registry';
    expect(() =>
      pullWith((scope) => secretsmanager.Secret.fromSecretPartialArn(scope, 'Credentials', arn), stack),
    ).toThrow(
      '`image.credentials` (without its complete ARN) is in us-east-1, and has to be in eu-central-1. Or write Secret.fromSecretCompleteArn(…)',
    );
    const complete = newStack({ env: { account: '111122223333', region: 'eu-central-1' } });
    const { container } = pullWith(
      (scope) => secretsmanager.Secret.fromSecretCompleteArn(scope, 'Credentials', `${arn}-AbCdEf`),
      complete,
    );
    expect(container.RepositoryCredentials.CredentialsParameter).toBe(`${arn}-AbCdEf`);
  });

  test('that a key of another stack encrypts may be decrypted, without a circle of references', () => {
    const app = new App();
    const [data, stack] = ['Data', 'Nodes'].map((id) => new Stack(app, id));
    const encryptionKey = new kms.Key(data, 'Key');
    const { statements } = pullWith(() => new secretsmanager.Secret(data, 'Credentials', { encryptionKey }), stack);
    expect(() => app.synth()).not.toThrow();
    const [decrypt] = statements.filter(({ Action }) => Action === 'kms:Decrypt');
    expect(text(decrypt.Resource)).toMatch(/Data:ExportsOutput.*Key/);
    expect(render(decrypt.Condition.StringEquals['kms:ViaService'])).toMatch(/^secretsmanager\./);
  });
});
