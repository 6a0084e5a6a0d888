import type { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { NocoBaseImage } from '../../lib';
import { newStack, pull } from './pull';

const env = { account: '111122223333', region: 'eu-central-1' };
const repository = (scope: Stack) => ecr.Repository.fromRepositoryName(scope, 'Repository', 'nocobase');

// The CDK finds out what to look up by a synthesis in which nothing is known. One that fails ends the matter.
test.each<[string, (stack: Stack, lookedUp: (name: string) => string) => NocoBaseImage]>([
  ['a version', (_, lookedUp) => NocoBaseImage.version(lookedUp('/version'))],
  ['a tag', (stack, lookedUp) => NocoBaseImage.fromEcr(repository(stack), lookedUp('/tag'))],
  ['a name', (_, lookedUp) => NocoBaseImage.fromRegistry(lookedUp('/name'))],
  [
    'prefix, tag and repository of a cache',
    (_, lookedUp) =>
      NocoBaseImage.fromPullThroughCache(lookedUp('/prefix'), lookedUp('/tag'), { repositoryName: lookedUp('/name') }),
  ],
])('%s may be looked up in Parameter Store', (_, image) => {
  const stack = newStack({ env });
  const lookedUp = (name: string) => ssm.StringParameter.valueFromLookup(stack, name);
  expect(pull(image(stack, lookedUp), { stack }).image).toContain('dummy-value-for-');
});

test('the region of a repository that is looked up is not taken for another one', () => {
  const stack = newStack({ env });
  const lookedUp = ecr.Repository.fromLookup(stack, 'Repository', { repositoryName: 'nocobase' });
  expect(pull(NocoBaseImage.fromEcr(lookedUp, '2.2.15'), { stack }).binding.internet).toBeUndefined();
});

test('the region of a cache that is looked up is not taken for another one', () => {
  const stack = newStack({ env });
  const region = ssm.StringParameter.valueFromLookup(stack, '/region');
  const { binding } = pull(NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15', { region }), { stack });
  expect(binding.internetOnFirstPullOnly).toBe(true);
});

describe('what is missing is said', () => {
  const { NOT_SET } = {} as { NOT_SET: never };

  test.each<[string, (stack: Stack) => NocoBaseImage]>([
    ['image.version', () => NocoBaseImage.version(NOT_SET)],
    ['image.repository', () => NocoBaseImage.fromEcr(NOT_SET, '2.2.15')],
    ['image.tagOrDigest', (stack) => NocoBaseImage.fromEcr(repository(stack), NOT_SET)],
    ['image.prefix', () => NocoBaseImage.fromPullThroughCache(NOT_SET, '2.2.15')],
    ['image.tagOrDigest', () => NocoBaseImage.fromPullThroughCache('docker-hub', NOT_SET)],
    ['image.name', () => NocoBaseImage.fromRegistry(NOT_SET)],
    ['image.directory', () => NocoBaseImage.fromAsset(NOT_SET)],
  ])('%s', (prop, image) => {
    const stack = newStack();
    expect(() => pull(image(stack), { stack })).toThrow(`\`${prop}\` is missing, and there is no default for it.`);
  });
});
