import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as assets from 'aws-cdk-lib/aws-ecr-assets';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { assetImage } from './asset-image';
import { ecrImage, pullThroughCacheImage } from './ecr-image';
import { officialImage, registryImage } from './registry-image';

/** Options of `NocoBaseImage.fromRegistry`. */
export interface RegistryImageOptions {
  /**
   * The Secret with which nodes sign in to the registry: a JSON object with the
   * fields `username` and `password`. Give an imported Secret its key
   * (`Secret.fromSecretAttributes({ secretCompleteArn, encryptionKey })`), or
   * nodes may not decrypt it.
   *
   * @default - the registry lets everybody pull
   */
  readonly credentials?: secretsmanager.ISecret;
}

/** Options of `NocoBaseImage.fromPullThroughCache`. */
export interface PullThroughCacheOptions {
  /**
   * The repository as the upstream registry calls it.
   *
   * @default 'nocobase/nocobase'
   */
  readonly repositoryName?: string;

  /**
   * The account that has the rule. Its registry policy has to let this one pull,
   * import and create the repository.
   *
   * @default - the account of the stack
   */
  readonly account?: string;

  /**
   * The region that has the rule.
   *
   * @default - the region of the stack
   */
  readonly region?: string;
}

/** Where an image is bound. */
export interface NocoBaseImageContext {
  /** The processor of the nodes, which the image must be built for. */
  readonly cpuArchitecture: ecs.CpuArchitecture;
}

/** An image that is bound to a cluster. */
export interface NocoBaseImageBinding {
  /** What ECS pulls. */
  readonly containerImage: ecs.ContainerImage;

  /**
   * What identifies the image. It is part of the generation: a change of it is
   * an upgrade, which one node performs while the others wait.
   */
  readonly reference: string;

  /**
   * What nodes pull from that the endpoints of a VPC do not reach, e.g. `Docker
   * Hub`. Nodes without a way out cannot start then.
   *
   * @default - nothing: the image is in the ECR of the region
   */
  readonly internet?: string;

  /**
   * Whether only the first pull of an image takes that way.
   *
   * @default false
   */
  readonly internetOnFirstPullOnly?: boolean;
}

/** Which NocoBase the nodes run. All nodes run the same. */
export abstract class NocoBaseImage {
  /** The version of NocoBase that this library was tested with. */
  public static readonly TESTED_VERSION = '2.2.15';

  /**
   * The official image on Docker Hub, amd64 and arm64. Docker Hub limits how
   * often an address may pull; with an account of yours, by a cache or by a
   * digest see `fromRegistry` and `fromPullThroughCache`.
   *
   * @param version a numeric tag, optionally with a variant: `2.2.15`,
   *   `2.2.15-full` (with PostgreSQL clients for the Backup Manager and
   *   LibreOffice; takes much longer to pull), `2.2.15-no-nginx`,
   *   `2.2.15-full-no-nginx`. Floating tags such as `latest` are refused: a
   *   node that starts later would run another version than its neighbours.
   */
  public static version(version: string): NocoBaseImage {
    return new Deferred((scope) => officialImage(scope, version, NocoBaseImage.TESTED_VERSION));
  }

  /**
   * An image in ECR, e.g. a mirror or one with the commercial plug-ins in it. A
   * repository of another region is reached over the internet, not by the
   * endpoints of a VPC; one of another account has to let this one pull.
   *
   * @param tagOrDigest an immutable tag or a digest (`sha256:…`); a token is taken for a tag
   */
  public static fromEcr(repository: ecr.IRepository, tagOrDigest: string): NocoBaseImage {
    return new Deferred((scope) => ecrImage(scope, repository, tagOrDigest));
  }

  /**
   * An image that ECR fetches from its upstream registry, by a pull-through cache
   * rule, when it is pulled for the first time. Nodes may import this image and
   * create its repository, and no other.
   *
   * In a VPC without a way out the first pull of a tag or digest fails, as ECR
   * imports nothing over interface endpoints: pull it once from elsewhere
   * (`docker pull`) before you deploy it.
   *
   * @param prefix the repository prefix of the rule: `docker-hub`, or `ROOT` for
   *   a rule without one; or the `ref` of a `CfnPullThroughCacheRule`
   * @param tagOrDigest an immutable tag or a digest (`sha256:…`); a token is taken for a tag
   */
  public static fromPullThroughCache(
    prefix: string,
    tagOrDigest: string,
    options: PullThroughCacheOptions = {},
  ): NocoBaseImage {
    return new Deferred((scope) => pullThroughCacheImage(scope, prefix, tagOrDigest, options));
  }

  /**
   * An image in any other registry.
   *
   * @param name with its tag or digest: `registry.example.com/nocobase:2.2.15`,
   *   `nocobase/nocobase@sha256:…`
   */
  public static fromRegistry(name: string, options: RegistryImageOptions = {}): NocoBaseImage {
    return new Deferred((scope) => registryImage(scope, name, options));
  }

  /**
   * An image that is built from a Dockerfile when the app is deployed, for the
   * processor of the nodes, and kept in the repository of the CDK bootstrap. It
   * has to begin with `FROM nocobase/nocobase:<version>`, whose entrypoint the
   * launcher calls. A change of any file in the directory is an upgrade: exclude
   * what the image does not need with a `.dockerignore`.
   *
   * @param directory the directory with the Dockerfile
   */
  public static fromAsset(directory: string, options: assets.DockerImageAssetOptions = {}): NocoBaseImage {
    return new Deferred((scope, context) => assetImage(scope, directory, options, context));
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: NocoBaseImageContext): NocoBaseImageBinding;
}

class Deferred extends NocoBaseImage {
  constructor(private readonly create: (scope: Construct, context: NocoBaseImageContext) => NocoBaseImageBinding) {
    super();
  }

  public bind(scope: Construct, context: NocoBaseImageContext): NocoBaseImageBinding {
    return this.create(scope, context);
  }
}
