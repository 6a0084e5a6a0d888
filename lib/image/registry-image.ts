import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { checkRequired, checkSecret } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';
import { StoredSecret, storedByName } from '../node/stored-secret';
import { checkHere } from '../same-region';
import { checkTagOrDigest } from './image-version';
import type { NocoBaseImageBinding, RegistryImageOptions } from './nocobase-image';

const VERSION = /^\d+\.\d+\.\d+(-(alpha|beta)\.\d+)?(-full)?(-no-nginx)?$/;
/** As Docker has it: a registry, recognised by a dot or a port, folders without capitals, a tag, a digest. */
const IMAGE_NAME =
  /^(?:(?=[^/]*[.:])[\w.-]+(?::\d+)?\/)?[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*(?::(\w[\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/;
/** Also with FIPS and dual-stack names. */
const ECR = /^\d{12}\.dkr[.-]ecr[.-]/;
const DOCKER_HUB = /^((index|registry-1)\.)?docker\.io$/;

export function officialImage(scope: Construct, version: string, example: string): NocoBaseImageBinding {
  checkRequired(scope, { 'image.version': version });
  if (isKnown(version) && !VERSION.test(version)) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `version must be a numeric tag, got: '${version}'`,
      remedy: `Write e.g. NocoBaseImage.version('${example}') or '${example}-full'; a floating tag would mix versions in one cluster. For a digest write NocoBaseImage.fromRegistry('nocobase/nocobase@sha256:…')`,
    });
  }
  return registryImage(scope, `nocobase/nocobase:${version}`, {});
}

export function registryImage(scope: Construct, name: string, options: RegistryImageOptions): NocoBaseImageBinding {
  checkRequired(scope, { 'image.name': name });
  if (isKnown(name)) {
    checkName(scope, name);
  }
  return {
    reference: name,
    containerImage: new RegistryImage(
      name,
      options.credentials === undefined ? undefined : credentialsOf(scope, options.credentials),
    ),
    internet: isKnown(name) ? registryOf(name) : 'its registry',
  };
}

function checkName(scope: Construct, name: string) {
  const parts = IMAGE_NAME.exec(name);
  if (!parts) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `'${name}' is not the name of an image`,
      remedy:
        "Write e.g. 'registry.example.com/nocobase:2.2.15', without https:// and capitals, or with a digest '…@sha256:' and 64 digits",
    });
  }
  checkTagOrDigest(scope, parts[2] ?? parts[1] ?? 'latest');
  if (ECR.test(name)) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `'${name}' is in ECR, from where nodes pull by permissions`,
      remedy: 'Write NocoBaseImage.fromEcr(repository, tag) or NocoBaseImage.fromPullThroughCache(prefix, tag)',
    });
  }
}

/** The first part of a name is a registry if it looks like a host. */
function registryOf(name: string): string {
  const [host, ...path] = name.split('/');
  return path.length === 0 || !/[.:]/.test(host) || DOCKER_HUB.test(host) ? 'Docker Hub' : host;
}

interface Credentials {
  readonly secret: StoredSecret;
  /** What ECS finds it by. */
  readonly parameter: string;
}

function credentialsOf(scope: Construct, secret: secretsmanager.ISecret): Credentials {
  checkSecret(scope, 'image.credentials', secret);
  const { secretFullArn, secretArn, secretName } = secret;
  if (secretFullArn !== undefined) return { secret: StoredSecret.inSecretsManager(secret), parameter: secretArn };
  // ECS takes a complete ARN or, from its own region and account, a name.
  const remedy = "Or write Secret.fromSecretCompleteArn(…), with the ARN's last six characters";
  checkHere(scope, 'image.credentials', secret.env, () => remedy, '(without its complete ARN)');
  // Of a part of an ARN CDK may take the end of the name for the random end.
  const isWholeName = secretArn.endsWith(`:${secretName}`);
  return { secret: isWholeName ? storedByName(secret) : StoredSecret.inSecretsManager(secret), parameter: secretName };
}

/**
 * As that of CDK, with a grant that stays on this side: CDK's writes into the
 * policy of the Secret's key, which is a circle of references when the Secret is
 * of another stack.
 */
class RegistryImage extends ecs.ContainerImage {
  constructor(
    private readonly imageName: string,
    private readonly credentials?: Credentials,
  ) {
    super();
  }

  public bind(_: Construct, container: ecs.ContainerDefinition): ecs.ContainerImageConfig {
    const { imageName, credentials } = this;
    if (credentials === undefined) return { imageName };
    credentials.secret.grantRead(container.taskDefinition.obtainExecutionRole());
    return { imageName, repositoryCredentials: { credentialsParameter: credentials.parameter } };
  }
}
