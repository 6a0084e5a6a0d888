import { NocoBaseImage } from '../../lib';
import { imageWayOut } from '../../lib/image/image-way-out';
import { container, environment, newCluster, render, synthesize } from '../cluster-fixture';
import { newStack, pull } from './pull';

test('the tested version is the default', () => {
  expect(container(synthesize().template).Image).toBe(`nocobase/nocobase:${NocoBaseImage.TESTED_VERSION}`);
});

test('what identifies the image is part of the generation', () => {
  const { template } = synthesize({ image: NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15') });
  expect(render(environment(template).LAUNCHER_GENERATION)).toMatch(/docker-hub\/nocobase\/nocobase:2\.2\.15 licensed/);
});

test('nodes are told the processor that the cluster has', () => {
  const bind = jest.fn(() => NocoBaseImage.version('2.2.15').bind(newStack(), undefined as never));
  newCluster({ image: { bind } });
  expect(bind).toHaveBeenCalledWith(expect.anything(), {
    cpuArchitecture: expect.objectContaining({ _cpuArchitecture: 'ARM64' }),
  });
});

test.each(['2.2.15', '2.2.15-full', '2.2.15-full-no-nginx', '2.3.0-beta.4'])('%s is a version', (version) => {
  const { image, binding, statements } = pull(NocoBaseImage.version(version));
  expect(image).toBe(`nocobase/nocobase:${version}`);
  expect(binding).toMatchObject({ reference: image, internet: 'Docker Hub' });
  expect(statements).toEqual([]);
});

test.each(['latest', 'main', '2', '2.2', 'v2.2.15', '2.2.15-slim', ''])('%j is no version', (version) => {
  expect(() => pull(NocoBaseImage.version(version))).toThrow(
    `\`image\` version must be a numeric tag, got: '${version}'. Write e.g. NocoBaseImage.version('2.2.15')`,
  );
});

test('a digest is not a version, and the error says where it belongs', () => {
  expect(() => pull(NocoBaseImage.version(`2.2.15@sha256:${'a'.repeat(64)}`))).toThrow(
    "For a digest write NocoBaseImage.fromRegistry('nocobase/nocobase@sha256:…').",
  );
});

describe('the way out that a pull takes', () => {
  const needs = (image: NocoBaseImage) =>
    imageWayOut(image.bind(newStack({ env: { region: 'eu-central-1' } }), undefined as never));

  test('leads to the registry, and into ECR there is none', () => {
    expect(needs(NocoBaseImage.version('2.2.15'))).toEqual([
      expect.objectContaining({ prop: 'image', what: 'Docker Hub', remedy: expect.stringContaining('fromEcr') }),
    ]);
  });

  test('is taken once by a cache, which can be filled from elsewhere', () => {
    const [need] = needs(NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15'));
    expect(need).toMatchObject({ once: true, remedy: expect.stringContaining('Pull it once from elsewhere') });
  });
});
