import { ArnFormat, Stack, Token, Validations } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { checkRequired, checkRequiredConstruct } from '../given';
import { invalidProp, isKnown, isPending } from '../invalid-prop';
import { checkTagOrDigest } from './image-version';
import type { NocoBaseImageBinding, PullThroughCacheOptions } from './nocobase-image';

const REPOSITORY_NAME = /^([a-z0-9]+([._-]+[a-z0-9]+)*\/)*[a-z0-9]+([._-]+[a-z0-9]+)*$/;
/** What ECR calls a rule for repositories without a prefix. */
const NO_PREFIX = 'ROOT';

export function ecrImage(scope: Construct, repository: ecr.IRepository, tagOrDigest: string): NocoBaseImageBinding {
  checkRequiredConstruct(scope, 'image.repository', repository, 'Repository.fromRepositoryName(this, id, name)');
  checkTagOrDigest(scope, tagOrDigest);
  return {
    reference: repository.repositoryUriForTagOrDigest(tagOrDigest),
    containerImage: pulledFromEcr(ecs.ContainerImage.fromEcrRepository(repository, tagOrDigest)),
    internet: ecrElsewhere(scope, regionOf(scope, repository)),
  };
}

export function pullThroughCacheImage(
  scope: Construct,
  prefix: string,
  tagOrDigest: string,
  options: PullThroughCacheOptions,
): NocoBaseImageBinding {
  const { repositoryName: upstream = 'nocobase/nocobase' } = options;
  if (prefix !== NO_PREFIX) {
    checkRepositoryName(scope, 'prefix', prefix);
  }
  checkRepositoryName(scope, 'repositoryName', upstream);
  checkTagOrDigest(scope, tagOrDigest);
  const stack = Stack.of(scope);
  const { account = stack.account, region = stack.region } = options;
  const repositoryName = prefix === NO_PREFIX ? upstream : `${prefix}/${upstream}`;
  const separator = tagOrDigest.startsWith('sha256:') ? '@' : ':';
  const imageName = `${account}.dkr.ecr.${region}.${stack.urlSuffix}/${repositoryName}${separator}${tagOrDigest}`;
  const elsewhere = ecrElsewhere(scope, region);
  return {
    reference: imageName,
    containerImage: pulledFromEcr(
      new PullThroughCacheImage(
        imageName,
        stack.formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName: repositoryName }),
      ),
    ),
    internet: elsewhere ?? 'the registry behind the pull-through cache',
    internetOnFirstPullOnly: elsewhere === undefined,
  };
}

function checkRepositoryName(scope: Construct, what: string, name: string) {
  checkRequired(scope, { [`image.${what}`]: name });
  if (isKnown(name) && !REPOSITORY_NAME.test(name)) {
    throw invalidProp(scope, {
      prop: `image.${what}`,
      problem: `'${name}' cannot be part of the name of a repository in ECR`,
      remedy:
        what === 'prefix'
          ? `Write the prefix of the pull-through cache rule without a slash at its end, e.g. 'docker-hub', or '${NO_PREFIX}' for a rule without one`
          : "Write the name of the repository without registry and tag, e.g. 'nocobase/nocobase'",
    });
  }
}

/** That of the ARN is right also for a repository that was imported without it; a look-up may not have answered yet. */
function regionOf(scope: Construct, repository: ecr.IRepository): string | undefined {
  const { region, resource, resourceName } = Stack.of(scope).splitArn(
    repository.repositoryArn,
    ArnFormat.SLASH_RESOURCE_NAME,
  );
  if (isPending(`${resource}/${resourceName}`)) return undefined;
  return region === undefined || Token.isUnresolved(region) ? repository.env.region : region;
}

/** An interface endpoint reaches the ECR of its own region. */
function ecrElsewhere(scope: Construct, region: string | undefined): string | undefined {
  const ours = Stack.of(scope).region;
  const isElsewhere = region !== undefined && [region, ours].every(isKnown) && region !== ours;
  return isElsewhere ? `Amazon ECR in ${region}` : undefined;
}

class PullThroughCacheImage extends ecs.ContainerImage {
  constructor(
    private readonly imageName: string,
    private readonly repositoryArn: string,
  ) {
    super();
  }

  public bind(_: Construct, container: ecs.ContainerDefinition): ecs.ContainerImageConfig {
    const grantee = container.taskDefinition.obtainExecutionRole();
    iam.Grant.addToPrincipal({
      grantee,
      actions: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchGetImage',
        // Of the first pull (Amazon ECR user guide, "IAM permissions required to sync an upstream registry").
        'ecr:BatchImportUpstreamImage',
        'ecr:CreateRepository',
      ],
      resourceArns: [this.repositoryArn],
    });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['ecr:GetAuthorizationToken'],
      resourceArns: ['*'],
    });
    return { imageName: this.imageName };
  }
}

/** The image, with the reason for the one permission that comes with all of ECR. */
export function pulledFromEcr(image: ecs.ContainerImage): ecs.ContainerImage {
  return new PulledFromEcr(image);
}

class PulledFromEcr extends ecs.ContainerImage {
  constructor(private readonly image: ecs.ContainerImage) {
    super();
  }

  public bind(scope: Construct, container: ecs.ContainerDefinition): ecs.ContainerImageConfig {
    Validations.of(container.taskDefinition.obtainExecutionRole()).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken, with which every pull begins, has no resource to name.',
    });
    return this.image.bind(scope, container);
  }
}
