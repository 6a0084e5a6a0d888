import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { IDatabase } from './database/database';
import type { Entrance } from './entrance/entrance';
import type { NocoBaseImage } from './image/nocobase-image';
import type { IApplicationKeys } from './keys/application-keys';
import type { ClusterSubnets } from './network/cluster-subnets';
import type { StoredSecret } from './node/stored-secret';
import type { WebProps } from './node/web-props';
import type { ClusterPlugins } from './plugins/cluster-plugins';
import type { IMessageQueue } from './queue/message-queue';
import type { IRedis } from './redis/redis';
import type { ISharedStorage } from './storage/shared-storage';

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
   * The network: two availability zones or more. A cluster does not move to
   * another one: subnet groups and mount targets stay where they are, and the
   * deployment fails. Make another cluster there, with a snapshot and the keys
   * of this one.
   *
   * @default - that of `ecsCluster`, or a VPC over two availability zones with public, private and isolated subnets
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Which subnets are for what. What a change does is said at each of them.
   *
   * @default - entrance: public; nodes: private with a way out; data: isolated where they are in two zones, as the
   *   nodes otherwise, so that adding isolated ones later moves the data stores
   */
  readonly subnets?: ClusterSubnets;

  /**
   * The ECS cluster that nodes run in, where one is there already. Container
   * Insights and capacity providers are its owner's.
   *
   * @default - one with Container Insights
   */
  readonly ecsCluster?: ecs.ICluster;

  /**
   * The capacity that ECS places nodes on: `FARGATE` and `FARGATE_SPOT`, or
   * instances by the capacity providers of `ecsCluster`, which must have room
   * for a node, an elastic network interface, and the processor of
   * `cpuArchitecture`: on instances with another one no node is ever placed. AWS may take Spot capacity at
   * two minutes' notice, also from the node that upgrades, so begin with a
   * `base` of `FARGATE`. From or to leaving this out is another service, which
   * starts beside the old one.
   *
   * @default - Fargate on demand
   */
  readonly capacityProviderStrategies?: ecs.CapacityProviderStrategy[];

  /**
   * NAT gateways of the VPC that is made: 1, or 2 to keep the way out when an
   * availability zone fails, or 0 for no way out: nodes reach AWS by interface
   * endpoints then, the image has to be in ECR and carry its plug-ins. Not
   * together with `vpc`.
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
  readonly keys?: IApplicationKeys;

  /**
   * The database.
   *
   * @default - Database.postgres()
   */
  readonly database?: IDatabase;

  /**
   * The Redis for cache, sync signal, locks and worker ids.
   *
   * @default - Redis.valkey()
   */
  readonly redis?: IRedis;

  /**
   * The message queue.
   *
   * @default - MessageQueue.rabbitMq()
   */
  readonly queue?: IMessageQueue;

  /**
   * The shared storage.
   *
   * @default - SharedStorage.efs()
   */
  readonly storage?: ISharedStorage;

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
   * The processor of the nodes. A custom image has to be built for it, and the
   * instances of `capacityProviderStrategies` have to have it, where there are some.
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
   * that upgrades is left alone that long unless NocoBase reports an error; then
   * the version is given up. CloudFormation itself waits for a service up to
   * three hours, and goes back in the middle of an upgrade that takes longer.
   *
   * @default Duration.hours(2)
   */
  readonly upgradeTimeout?: Duration;

  /**
   * How often a version that does not get healthy on the database is tried,
   * before its nodes end at once and the deployment is given up. Only what fails
   * by itself counts, not a node that was stopped. It is tried again a quarter of
   * an hour later, if its nodes still start, and by the next revision.
   *
   * @default 2
   */
  readonly upgradeTries?: number;

  /**
   * Let this image run on what a newer one has migrated, although NocoBase
   * supports no way back: its reference, e.g. `nocobase/nocobase:2.2.15`. **May
   * damage data;** restoring the database is the safe way.
   *
   * @default - an image that ran before the present one is refused
   */
  readonly allowOnMigratedDatabase?: string;

  /**
   * Let nodes start with another `APP_KEY` or `APP_AES_SECRET_KEY` than NocoBase
   * ran with on this database. With another `APP_KEY` users sign in again; what
   * another `APP_AES_SECRET_KEY` has encrypted **cannot be read any more.** Take
   * it out after the deployment: the new keys are the known ones then.
   *
   * Nodes know the keys by a fingerprint (scrypt, salted) that they keep in the
   * database, and end with a sentence when it is another one. Nodes of the
   * revision before may still have the keys of before.
   *
   * @default false
   */
  readonly allowChangedKeys?: boolean;

  /**
   * How long a maintenance may last before `operations.maintenance.alarm` goes
   * off: whole hours between 1 and 24. Hours are counted as they are on the
   * clock, so it goes off up to an hour later.
   *
   * @default Duration.hours(4)
   */
  readonly maintenanceAlarmAfter?: Duration;

  /**
   * Further environment variables of all nodes, e.g. `TZ` or `INIT_APP_LANG`.
   * What a prop of the library decides is refused.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Further variables of all nodes that ECS injects from Secrets Manager or
   * Parameter Store: `StoredSecret.inSecretsManager(secret, field)`. What nodes
   * may read is written down in their own stack, also where Secret and KMS key
   * are in another one; with CDK's `ecs.Secret` the two would refer to each other.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: StoredSecret };

  /**
   * The KMS key for all that is made here and holds data: database, Redis,
   * queue, storage and Secrets. Nodes and the preflight check may decrypt what
   * they read. The key has to be in the region of the stack. **Changing it
   * replaces the database, Redis, queue and storage.**
   *
   * @default - the keys that AWS manages
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * The log group of the nodes, where one is there already: of the class
   * `STANDARD`, in the account and the region of the stack, since metrics are
   * made of what nodes log.
   *
   * @default - one that stays when the stack is deleted or its creation fails
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * How long the logs of the nodes are kept. Not together with `logGroup`.
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
