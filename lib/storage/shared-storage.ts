import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as efs from 'aws-cdk-lib/aws-efs';
import type { Construct } from 'constructs';
import type { PartBinding, PartContext } from '../node/contribution';
import { EfsStorage, type EfsStorageOptions } from './efs-storage';

/** A shared storage that is bound to a cluster. */
export interface SharedStorageBinding extends PartBinding {
  /** How ECS mounts the storage. The volume is mounted at `/app/nocobase/storage`. */
  readonly volume: ecs.EfsVolumeConfiguration;

  /**
   * The file system.
   *
   * @default - the file system was not made here
   */
  readonly fileSystem?: efs.FileSystem;

  /**
   * The access point that nodes mount.
   *
   * @default - the access point was not made here
   */
  readonly accessPoint?: efs.AccessPoint;
}

/**
 * The storage that all nodes share. The guide's baseline is the whole of
 * `/app/nocobase/storage`: uploads, plug-ins, key files, licence, backups.
 */
export abstract class SharedStorage {
  /** A managed EFS: encrypted, elastic throughput, automatic backups, kept when the stack is deleted. */
  public static efs(options: EfsStorageOptions = {}): SharedStorage {
    return new ManagedEfs(options);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): SharedStorageBinding;
}

class ManagedEfs extends SharedStorage {
  constructor(private readonly options: EfsStorageOptions) {
    super();
  }

  public bind(scope: Construct, context: PartContext): SharedStorageBinding {
    return new EfsStorage(scope, 'Storage', {
      ...this.options,
      vpc: context.vpc,
      vpcSubnets: context.dataSubnets,
    }).binding;
  }
}
