import { Token } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';

/** An image that is bound to a cluster. */
export interface NocoBaseImageBinding {
  /** What ECS pulls. */
  readonly containerImage: ecs.ContainerImage;

  /**
   * What identifies the image. It is part of the generation: a change of it is
   * an upgrade, which one node performs while the others wait.
   */
  readonly reference: string;
}

/** Which NocoBase the nodes run. All nodes run the same. */
export abstract class NocoBaseImage {
  /** The version of NocoBase that this library was tested with. */
  public static readonly TESTED_VERSION = '2.2.15';

  /**
   * The official image on Docker Hub, amd64 and arm64.
   *
   * @param version a numeric tag, optionally with a variant: `2.2.15`,
   *   `2.2.15-full` (with PostgreSQL clients for the Backup Manager and
   *   LibreOffice; takes much longer to pull), `2.2.15-no-nginx`,
   *   `2.2.15-full-no-nginx`. Floating tags such as `latest` are refused: a
   *   node that starts later would run another version than its neighbours.
   */
  public static version(version: string): NocoBaseImage {
    return new DockerHubImage(version);
  }

  /**
   * An image in ECR, e.g. a mirror or one with the commercial plug-ins in it.
   *
   * @param tagOrDigest an immutable tag or a digest (`sha256:…`)
   */
  public static fromEcr(repository: ecr.IRepository, tagOrDigest: string): NocoBaseImage {
    return new EcrImage(repository, tagOrDigest);
  }

  /**
   * An image in any other registry that needs no credentials.
   *
   * @param name with its tag or digest: `registry.example.com/nocobase:2.2.15`
   */
  public static fromRegistry(name: string): NocoBaseImage {
    return new RegistryImage(name);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct): NocoBaseImageBinding;
}

const VERSION = /^\d+\.\d+\.\d+(-(alpha|beta)\.\d+)?(-full)?(-no-nginx)?$/;
const FLOATING_TAG = /^((latest|main|next|stable|alpha|beta)(-full)?(-no-nginx)?|full|)$/;

class DockerHubImage extends NocoBaseImage {
  constructor(private readonly tag: string) {
    super();
  }

  public bind(scope: Construct): NocoBaseImageBinding {
    if (!Token.isUnresolved(this.tag) && !VERSION.test(this.tag)) {
      throw invalidProp(scope, {
        prop: 'image',
        problem: `version must be a numeric tag, got: '${this.tag}'`,
        remedy: `Write e.g. NocoBaseImage.version('${NocoBaseImage.TESTED_VERSION}') or '${NocoBaseImage.TESTED_VERSION}-full'; a floating tag would mix versions in one cluster`,
      });
    }
    const reference = `nocobase/nocobase:${this.tag}`;
    return { reference, containerImage: ecs.ContainerImage.fromRegistry(reference) };
  }
}

class EcrImage extends NocoBaseImage {
  constructor(
    private readonly repository: ecr.IRepository,
    private readonly tagOrDigest: string,
  ) {
    super();
  }

  public bind(scope: Construct): NocoBaseImageBinding {
    refuseFloatingTag(scope, this.tagOrDigest);
    return {
      reference: this.repository.repositoryUriForTagOrDigest(this.tagOrDigest),
      containerImage: ecs.ContainerImage.fromEcrRepository(this.repository, this.tagOrDigest),
    };
  }
}

class RegistryImage extends NocoBaseImage {
  constructor(private readonly imageName: string) {
    super();
  }

  public bind(scope: Construct): NocoBaseImageBinding {
    if (!Token.isUnresolved(this.imageName)) {
      const name = /^[^\s@]+?(?::(\w[\w.-]*)|@(sha256:[0-9a-f]{64}))?$/.exec(this.imageName);
      if (!name) {
        throw invalidProp(scope, {
          prop: 'image',
          problem: `'${this.imageName}' is not the name of an image`,
          remedy: "Write e.g. 'registry.example.com/nocobase:2.2.15', or with a digest '…@sha256:' and 64 digits",
        });
      }
      refuseFloatingTag(scope, name[1] ?? name[2] ?? 'latest');
    }
    return { reference: this.imageName, containerImage: ecs.ContainerImage.fromRegistry(this.imageName) };
  }
}

function refuseFloatingTag(scope: Construct, tag: string) {
  if (!Token.isUnresolved(tag) && FLOATING_TAG.test(tag)) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `has the floating tag '${tag}', by which nodes of one cluster could run different versions`,
      remedy: 'Name a version or a digest',
    });
  }
}
