import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { Token } from 'aws-cdk-lib';
import * as assets from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import { checkRequired } from '../given';
import { invalidProp } from '../invalid-prop';
import { pulledFromEcr } from './ecr-image';
import type { NocoBaseImageBinding, NocoBaseImageContext } from './nocobase-image';

export function assetImage(
  scope: Construct,
  directory: string,
  options: assets.DockerImageAssetOptions,
  context: NocoBaseImageContext,
): NocoBaseImageBinding {
  checkRequired(scope, { 'image.directory': directory });
  checkDockerfile(scope, directory, options.file ?? 'Dockerfile');
  const asset = new assets.DockerImageAsset(scope, 'Image', {
    ...allOptions(options),
    directory,
    platform: platformOf(scope, options.platform, context.cpuArchitecture),
  });
  return {
    // Where it is kept differs by account and region; what it is does not.
    reference: `asset:${asset.assetHash}`,
    containerImage: pulledFromEcr(ecs.ContainerImage.fromDockerImageAsset(asset)),
  };
}

function checkDockerfile(scope: Construct, directory: string, file: string) {
  if ([directory, file].some(Token.isUnresolved)) {
    throw invalidProp(scope, {
      prop: 'image.directory',
      problem: 'is a token, and the image is built before the deployment',
      remedy: 'Give a plain path',
    });
  }
  const dockerfile = path.resolve(directory, file);
  if (!existsSync(dockerfile)) {
    throw invalidProp(scope, {
      prop: 'image.directory',
      problem: `has no Dockerfile: there is no ${dockerfile}`,
      remedy: 'Name the directory that it is in; a relative path begins where the app is run, so use __dirname',
    });
  }
}

const PLATFORMS = new Map([
  [ecs.CpuArchitecture.ARM64._cpuArchitecture, assets.Platform.LINUX_ARM64],
  [ecs.CpuArchitecture.X86_64._cpuArchitecture, assets.Platform.LINUX_AMD64],
]);

function platformOf(
  scope: Construct,
  given: assets.Platform | undefined,
  { _cpuArchitecture: architecture }: ecs.CpuArchitecture,
): assets.Platform | undefined {
  const platform = PLATFORMS.get(architecture);
  if (given !== undefined && platform !== undefined && given.platform !== platform.platform) {
    throw invalidProp(scope, {
      prop: 'image.platform',
      problem: `is ${given.platform}, and nodes are ${platform.platform} by \`cpuArchitecture\``,
      remedy: 'Leave `platform` out',
    });
  }
  return platform ?? given;
}
