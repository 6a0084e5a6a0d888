import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { NocoBaseImage, type PullThroughCacheOptions } from '../../lib';
import { allowed, newStack, pull } from './pull';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ENV = { account: '111122223333', region: 'eu-central-1' };
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'];
const NEITHER = ['2.2.15:1', 'nocobase:2.2.15', 'sha256:abc', 'two words'];

describe('an image in ECR', () => {
  const repositoryIn = (stack: Stack, region = 'eu-central-1') =>
    ecr.Repository.fromRepositoryArn(stack, 'Repository', `arn:aws:ecr:${region}:111122223333:repository/nocobase`);

  test.each([
    ['2.2.15-1', ':'],
    [DIGEST, '@'],
  ])('is pulled by %s', (tagOrDigest, separator) => {
    const stack = newStack({ env: ENV });
    const { image, binding, statements } = pull(NocoBaseImage.fromEcr(repositoryIn(stack), tagOrDigest), { stack });
    expect(image).toMatch(
      new RegExp(`^111122223333\\.dkr\\.ecr\\.eu-central-1\\..*/nocobase${separator}${tagOrDigest}$`),
    );
    expect(binding.internet).toBeUndefined();
    expect(allowed(statements)).toEqual({
      'arn:aws:ecr:eu-central-1:111122223333:repository/nocobase': PULL,
      '*': ['ecr:GetAuthorizationToken'],
    });
  });

  test.each(['latest', ''])('%j could be another image tomorrow', (tag) => {
    const stack = newStack();
    expect(() => pull(NocoBaseImage.fromEcr(repositoryIn(stack), tag), { stack })).toThrow(
      `has the floating tag '${tag}'`,
    );
  });

  test.each(NEITHER)('%j is neither tag nor digest', (tag) => {
    const stack = newStack();
    expect(() => pull(NocoBaseImage.fromEcr(repositoryIn(stack), tag), { stack })).toThrow(
      `\`image\` must have a tag or a digest, got: '${tag}'.`,
    );
  });

  test('has a tag that the deployment knows', () => {
    const stack = newStack();
    const tag = new CfnParameter(stack, 'Tag').valueAsString;
    expect(pull(NocoBaseImage.fromEcr(repositoryIn(stack), tag), { stack }).image).toMatch(/\/nocobase:<Tag>$/);
  });

  test('of another region takes a way out, as endpoints reach their own region only', () => {
    const stack = newStack({ env: ENV });
    const { binding } = pull(NocoBaseImage.fromEcr(repositoryIn(stack, 'us-east-1'), '1'), { stack });
    expect(binding).toMatchObject({ internet: 'Amazon ECR in us-east-1' });
  });

  test('of another region is known by its ARN and by its stack', () => {
    const app = new App();
    const stack = new Stack(app, 'Nodes', { env: ENV });
    const elsewhere = new Stack(app, 'Images', { env: { ...ENV, region: 'us-east-1' } });
    const bound = (repository: ecr.IRepository) =>
      NocoBaseImage.fromEcr(repository, '1').bind(stack, undefined as never);
    expect(bound(new ecr.Repository(elsewhere, 'Repository', { repositoryName: 'nocobase' })).internet).toBe(
      'Amazon ECR in us-east-1',
    );
    const repositoryArn = 'arn:aws:ecr:ap-south-1:111122223333:repository/nocobase';
    expect(
      bound(ecr.Repository.fromRepositoryAttributes(stack, 'R', { repositoryArn, repositoryName: 'nocobase' }))
        .internet,
    ).toBe('Amazon ECR in ap-south-1');
  });
});

describe('a pull-through cache', () => {
  const cached = (tagOrDigest: string, options?: PullThroughCacheOptions, prefix = 'docker-hub') =>
    pull(NocoBaseImage.fromPullThroughCache(prefix, tagOrDigest, options), { stack: newStack({ env: ENV }) });

  test('holds the official image under the prefix of its rule', () => {
    const { image, binding } = cached('2.2.15');
    expect(image).toBe('111122223333.dkr.ecr.eu-central-1.<AWS::URLSuffix>/docker-hub/nocobase/nocobase:2.2.15');
    expect(binding.internetOnFirstPullOnly).toBe(true);
  });

  test('lets nodes import exactly this image', () => {
    expect(allowed(cached('2.2.15').statements)).toEqual({
      'arn:<AWS::Partition>:ecr:eu-central-1:111122223333:repository/docker-hub/nocobase/nocobase': [
        ...PULL,
        'ecr:BatchImportUpstreamImage',
        'ecr:CreateRepository',
      ],
      '*': ['ecr:GetAuthorizationToken'],
    });
  });

  test('is asked for a digest as for a tag', () => {
    expect(cached(DIGEST).image).toMatch(new RegExp(`/docker-hub/nocobase/nocobase@${DIGEST}$`));
    expect(() => cached('latest')).toThrow("has the floating tag 'latest'");
    expect(() => cached(NEITHER[1])).toThrow('must have a tag or a digest');
  });

  test('holds other repositories, also without a prefix', () => {
    expect(cached('1', { repositoryName: 'mine/nocobase' }).image).toMatch(/\/docker-hub\/mine\/nocobase:1$/);
    expect(cached('1', {}, 'ROOT').image).toMatch(/<AWS::URLSuffix>\/nocobase\/nocobase:1$/);
  });

  test('can be that of a central account', () => {
    const { image, statements, binding } = cached('1', { account: '444455556666' });
    expect(image).toMatch(/^444455556666\.dkr\.ecr\.eu-central-1\./);
    expect(Object.keys(allowed(statements))).toContainEqual(expect.stringContaining(':444455556666:repository/'));
    expect(binding.internetOnFirstPullOnly).toBe(true);
  });

  test('of another region takes a way out with every pull', () => {
    expect(cached('1', { region: 'us-east-1' }).binding).toMatchObject({
      internet: 'Amazon ECR in us-east-1',
      internetOnFirstPullOnly: false,
    });
  });

  test('can be given by a rule of the same app', () => {
    const stack = newStack();
    const rule = new ecr.CfnPullThroughCacheRule(stack, 'Rule', { ecrRepositoryPrefix: 'docker-hub' });
    const { image, statements } = pull(NocoBaseImage.fromPullThroughCache(rule.ref, '2.2.15'), { stack });
    expect(image).toMatch(/\/<Rule>\/nocobase\/nocobase:2\.2\.15$/);
    expect(Object.keys(allowed(statements))).toContainEqual(expect.stringMatching(/repository\/<Rule>\/nocobase/));
  });

  test.each(['docker-hub/', '/docker-hub', 'Docker', '', 'a b'])('%j is no prefix', (prefix) => {
    expect(() => cached('1', {}, prefix)).toThrow(
      `\`image.prefix\` '${prefix}' cannot be part of the name of a repository in ECR. Write the prefix of the pull-through cache rule without a slash at its end`,
    );
  });

  test.each(['nocobase:2', 'docker.io/NocoBase'])('%j is no repository', (repositoryName) => {
    expect(() => cached('1', { repositoryName })).toThrow(`\`image.repositoryName\` '${repositoryName}'`);
  });
});
