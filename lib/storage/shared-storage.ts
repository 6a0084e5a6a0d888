import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as efs from 'aws-cdk-lib/aws-efs';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import type { PartBinding, PartContext } from '../node/contribution';
import { placement } from '../node/placement';
import { EfsStorage, type EfsStorageOptions } from './efs-storage';
import { type ExistingStorage, existingStorage } from './existing-storage';

/** A shared storage that is bound to a cluster. */
export interface SharedStorageBinding extends PartBinding {
  /** How ECS mounts the storage. The volume is mounted at `/app/nocobase/storage`. */
  readonly volume: ecs.EfsVolumeConfiguration;

  /**
   * The file system.
   *
   * @default - the storage is not an EFS
   */
  readonly fileSystem?: efs.IFileSystem;

  /**
   * The access point that nodes mount.
   *
   * @default - the storage is not an EFS
   */
  readonly accessPoint?: efs.IAccessPoint;
}

/** What the shared storage of a cluster can be: made by `SharedStorage`, or an `EfsStorage` of another stack. */
export interface ISharedStorage {
  /** Makes or looks up what it stands for. Called once, by the cluster. */
  bind(scope: Construct, context: PartContext): SharedStorageBinding;
}

/**
 * The storage that all nodes share. The guide's baseline is the whole of
 * `/app/nocobase/storage`: uploads, plug-ins, key files, licence, backups.
 */
export abstract class SharedStorage implements ISharedStorage {
  /** A managed EFS: encrypted, elastic throughput, automatic backups, kept when the stack is deleted. */
  public static efs(options: EfsStorageOptions = {}): SharedStorage {
    return new Deferred((scope, context) =>
      new EfsStorage(scope, 'Storage', { ...allOptions(options), ...placement(context) }).bind(scope, context),
    );
  }

  /** An access point or a path of an EFS that is there already. */
  public static existing(storage: ExistingStorage): SharedStorage {
    return new Deferred((scope) => existingStorage(scope, storage));
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): SharedStorageBinding;
}

class Deferred extends SharedStorage {
  constructor(private readonly create: (scope: Construct, context: PartContext) => SharedStorageBinding) {
    super();
  }

  public bind(scope: Construct, context: PartContext): SharedStorageBinding {
    return this.create(scope, context);
  }
}
