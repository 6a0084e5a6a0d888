import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as assets from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { NocoBaseImage } from '../../lib';
import { newStack, pull } from './pull';

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'));
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }));

function directoryWith(files: { [name: string]: string }): string {
  const directory = fs.mkdtempSync(path.join(temporary, 'context-'));
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(directory, name), text);
  }
  return directory;
}

const DOCKERFILE = 'FROM nocobase/nocobase:2.2.15\n';
const DIRECTORY = directoryWith({ Dockerfile: DOCKERFILE });

/** What the CDK is told to build. */
function source(directory: string, cpuArchitecture: ecs.CpuArchitecture, options?: assets.DockerImageAssetOptions) {
  const app = new App();
  const stack = new Stack(app, 'Prod');
  pull(NocoBaseImage.fromAsset(directory, options), { stack, cpuArchitecture });
  const [artifact] = app.synth().artifacts.filter(({ id }) => id === 'Prod.assets');
  const { dockerImages } = JSON.parse(fs.readFileSync((artifact as any).file, 'utf8'));
  return Object.values<any>(dockerImages)[0].source;
}

function reference(directory: string, stack = newStack(), options?: assets.DockerImageAssetOptions): string {
  return pull(NocoBaseImage.fromAsset(directory, options), { stack }).binding.reference;
}

test('the image is pulled from the repository of the bootstrap, by what it is made of', () => {
  const { image, binding, statements } = pull(NocoBaseImage.fromAsset(DIRECTORY));
  const [, hash] = /^asset:([0-9a-f]{64})$/.exec(binding.reference)!;
  expect(image).toContain('container-assets-');
  expect(image).toMatch(new RegExp(`:${hash}$`));
  expect(binding.internet).toBeUndefined();
  expect(statements.map(({ Action, Resource }) => [Action, JSON.stringify(Resource)])).toEqual([
    [expect.arrayContaining(['ecr:BatchGetImage']), expect.stringMatching(/:repository\/.*container-assets/)],
    ['ecr:GetAuthorizationToken', '"*"'],
  ]);
});

test('what identifies it is the same in every account and region, and in another place with the same content', () => {
  const there = newStack({ env: { account: '111122223333', region: 'eu-central-1' } });
  expect(reference(DIRECTORY, there)).toBe(reference(DIRECTORY));
  expect(reference(directoryWith({ Dockerfile: DOCKERFILE }))).toBe(reference(DIRECTORY));
});

test('what identifies it changes with the content and with how it is built', () => {
  const changed = directoryWith({ Dockerfile: `${DOCKERFILE}RUN true\n` });
  expect(reference(changed)).not.toBe(reference(DIRECTORY));
  expect(reference(DIRECTORY, newStack(), { buildArgs: { A: '1' } })).not.toBe(reference(DIRECTORY));
});

test.each([
  [ecs.CpuArchitecture.ARM64, 'linux/arm64'],
  [ecs.CpuArchitecture.X86_64, 'linux/amd64'],
])('it is built for the processor of the nodes', (cpuArchitecture, platform) => {
  expect(source(DIRECTORY, cpuArchitecture)).toMatchObject({ platform });
});

test('it is built as the options say', () => {
  const directory = directoryWith({ 'Dockerfile.full': DOCKERFILE });
  const options = { file: 'Dockerfile.full', target: 'final', buildArgs: { PLUGINS: 'all' } };
  expect(source(directory, ecs.CpuArchitecture.ARM64, options)).toMatchObject({
    dockerFile: 'Dockerfile.full',
    dockerBuildTarget: 'final',
    dockerBuildArgs: { PLUGINS: 'all' },
  });
});

test('a platform that is not that of the nodes is refused', () => {
  expect(() => pull(NocoBaseImage.fromAsset(DIRECTORY, { platform: assets.Platform.LINUX_AMD64 }))).toThrow(
    '`image.platform` is linux/amd64, and nodes are linux/arm64 by `cpuArchitecture`. Leave `platform` out.',
  );
  expect(() => pull(NocoBaseImage.fromAsset(DIRECTORY, { platform: assets.Platform.LINUX_ARM64 }))).not.toThrow();
});

test('a directory without a Dockerfile is refused', () => {
  for (const directory of [path.join(temporary, 'nowhere'), directoryWith({})]) {
    expect(() => pull(NocoBaseImage.fromAsset(directory))).toThrow(
      `\`image.directory\` has no Dockerfile: there is no ${path.join(directory, 'Dockerfile')}.`,
    );
  }
});

test('a directory that only the deployment knows is refused', () => {
  expect(() => pull(NocoBaseImage.fromAsset(newStack().region))).toThrow('`image.directory` is a token');
});

test('two clusters in one stack can have the same image', () => {
  const image = NocoBaseImage.fromAsset(DIRECTORY);
  const stack = newStack();
  const [one, other] = ['One', 'Other'].map((id) =>
    image.bind(new Construct(stack, id), { cpuArchitecture: ecs.CpuArchitecture.ARM64 }),
  );
  expect(one.reference).toBe(other.reference);
});
