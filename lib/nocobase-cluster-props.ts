import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Database } from './database/database';
import type { Entrance } from './entrance/entrance';
import type { NocoBaseImage } from './image/nocobase-image';
import type { ApplicationKeys } from './keys/application-keys';
import type { WebProps } from './node/web-props';
import type { ClusterPlugins } from './plugins/cluster-plugins';
import type { MessageQueue } from './queue/message-queue';
import type { Redis } from './redis/redis';
import type { SharedStorage } from './storage/shared-storage';

/** Properties of a `NocoBaseCluster`. */
export interface NocoBaseClusterProps {
  /**
   * Where the plug-ins come from that make several nodes one cluster. There is
   * no default that is right: they are commercial, without them nodes drift
   * apart, and the licence can only be issued after a first start. Begin with
   * `ClusterPlugins.pending()`.
   */
  readonly plugins: ClusterPlugins;

  /**
   * The network. It needs private subnets with a way out in two availability
   * zones; data stores go to isolated subnets where there are some, so that
   * adding the first ones later moves them. Changing it replaces everything that
   * holds data.
   *
   * @default - a VPC over two availability zones with public, private and isolated subnets
   */
  readonly vpc?: ec2.IVpc;

  /**
   * NAT gateways of the VPC that is made: 1, or 2 to keep the way out when an
   * availability zone fails.
   *
   * @default 1
   */
  readonly natGateways?: number;

  /**
   * Which NocoBase the nodes run. Changing it is an upgrade, which cannot be
   * undone but by restoring the database.
   *
   * @default - the version this library was tested with, `NocoBaseImage.TESTED_VERSION`
   */
  readonly image?: NocoBaseImage;

  /**
   * The key secrets and the first administrator's password. They must never
   * change while there is data.
   *
   * @default - ApplicationKeys.generated()
   */
  readonly keys?: ApplicationKeys;

  /**
   * The database.
   *
   * @default - Database.postgres()
   */
  readonly database?: Database;

  /**
   * The Redis for cache, sync signal, locks and worker ids.
   *
   * @default - Redis.valkey()
   */
  readonly redis?: Redis;

  /**
   * The message queue.
   *
   * @default - MessageQueue.rabbitMq()
   */
  readonly queue?: MessageQueue;

  /**
   * The shared storage.
   *
   * @default - SharedStorage.efs()
   */
  readonly storage?: SharedStorage;

  /**
   * How users reach the cluster.
   *
   * @default - Entrance.http(), open to nobody, with a warning
   */
  readonly entrance?: Entrance;

  /**
   * The nodes.
   *
   * @default - two to four nodes of 2 vCPU and 4 GiB
   */
  readonly web?: WebProps;

  /**
   * The processor of the nodes. A custom image has to be built for it.
   *
   * @default ecs.CpuArchitecture.ARM64 - Graviton, about 20% cheaper
   */
  readonly cpuArchitecture?: ecs.CpuArchitecture;

  /**
   * The path under which NocoBase lives. Begins and ends with `/`.
   *
   * @default '/'
   */
  readonly publicPath?: string;

  /**
   * E-mail address with which the first administrator signs in. Counts on the
   * first installation only.
   *
   * @default 'admin@nocobase.com'
   */
  readonly rootEmail?: string;

  /**
   * How long the longest upgrade may take: 10 minutes to 12 hours. The node
   * that upgrades is left alone that long unless NocoBase reports an error.
   * CloudFormation itself waits for a service up to three hours.
   *
   * @default Duration.hours(2)
   */
  readonly upgradeTimeout?: Duration;

  /**
   * Further environment variables of all nodes, e.g. `TZ` or `INIT_APP_LANG`.
   * What a prop of the library decides is refused.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Further variables of all nodes that ECS injects from Secrets Manager or
   * Parameter Store.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * How long the logs of the nodes are kept. The log group stays when the stack
   * is deleted or its creation fails.
   *
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Allow `aws ecs execute-command` into the nodes: a root shell with every
   * secret of the application, for everybody whom IAM allows it.
   *
   * @default false
   */
  readonly enableExecuteCommand?: boolean;
}
