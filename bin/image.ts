import { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { NocoBaseImage } from '../lib';

/** The host name of ECR says which repository it is; pulling from it takes permissions that other registries do not. */
const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/;

export function imageOf(
  scope: Construct,
  { version, image }: { version?: string; image?: string },
): NocoBaseImage | undefined {
  if (image === undefined) {
    return version === undefined ? undefined : NocoBaseImage.version(version);
  }
  const ecrName = ECR.exec(image);
  if (ecrName === null) {
    return NocoBaseImage.fromRegistry(image);
  }
  const [, account, region, repositoryName, tagOrDigest] = ecrName;
  const repositoryArn = Stack.of(scope).formatArn({
    service: 'ecr',
    account,
    region,
    resource: 'repository',
    resourceName: repositoryName,
  });
  return NocoBaseImage.fromEcr(
    ecr.Repository.fromRepositoryAttributes(scope, 'Image', { repositoryArn, repositoryName }),
    tagOrDigest,
  );
}
