import { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { NocoBaseImage } from '../../lib';
import { container, environment, newCluster, render, synthesize } from '../cluster-fixture';

test('the tested version is the default', () => {
  expect(container(synthesize().template).Image).toBe(`nocobase/nocobase:${NocoBaseImage.TESTED_VERSION}`);
});

test.each(['2.2.15', '2.2.15-full', '2.2.15-full-no-nginx', '2.3.0-beta.4'])('%s is a version', (version) => {
  expect(container(synthesize({ image: NocoBaseImage.version(version) }).template).Image).toBe(
    `nocobase/nocobase:${version}`,
  );
});

test.each(['latest', 'main', '2', '2.2', 'v2.2.15', '2.2.15-slim', ''])('%j is no version', (version) => {
  expect(() => newCluster({ image: NocoBaseImage.version(version) })).toThrow(
    `\`image\` version must be a numeric tag, got: '${version}'. Write e.g. NocoBaseImage.version('2.2.15')`,
  );
});

test('an image in ECR, by tag or digest, is part of the generation', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const repository = ecr.Repository.fromRepositoryArn(
    new Stack(),
    'R',
    'arn:aws:ecr:eu-central-1:111122223333:repository/nocobase',
  );
  for (const [given, separator] of [
    ['2.2.15-1', ':'],
    [digest, '@'],
  ]) {
    const { template } = synthesize({ image: NocoBaseImage.fromEcr(repository, given) });
    expect(render(container(template).Image)).toMatch(new RegExp(`nocobase${separator}${given}$`));
    expect(render(environment(template).LAUNCHER_GENERATION)).toContain(`nocobase${separator}${given} licensed`);
  }
});

test('an image of another registry needs a tag that stays', () => {
  const image = 'registry.example.com:5000/nocobase:2.2.15';
  expect(container(synthesize({ image: NocoBaseImage.fromRegistry(image) }).template).Image).toBe(image);
  for (const floating of ['registry.example.com:5000/nocobase', 'registry.example.com/nocobase:latest', 'nocobase']) {
    expect(() => newCluster({ image: NocoBaseImage.fromRegistry(floating) })).toThrow("has the floating tag 'latest'");
  }
  for (const name of ['noco base:1', 'nocobase@sha256:abc', '']) {
    expect(() => newCluster({ image: NocoBaseImage.fromRegistry(name) })).toThrow(
      `'${name}' is not the name of an image`,
    );
  }
});
