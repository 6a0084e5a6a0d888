import type * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { allOptions } from '../all-options';
import { invalidProp } from '../invalid-prop';
import type { PartBinding, PartContext } from '../node/contribution';
import { placement } from '../node/placement';
import { type ExistingRedisOptions, existingRedis } from './existing-redis';
import { type ExistingReplicationGroupOptions, existingReplicationGroup } from './existing-replication-group';
import { checkPerFunction, NAMES, type RedisPerFunctionProps, redisPerFunction } from './redis-per-function';
import { ValkeyCache, type ValkeyProps } from './valkey-cache';

/** A connection URL for each function, with its password as a dynamic reference. */
export interface RedisUrls {
  /** Of the cache. */
  readonly cache: string;

  /** Of the sync signal (pub/sub). */
  readonly syncSignal: string;

  /** Of the distributed lock. */
  readonly lock: string;

  /** Of the message queue, when that is Redis. */
  readonly queue: string;

  /** Of the worker-id allocator. */
  readonly workerIds: string;
}

/**
 * The number of the logical database for each function. Two functions cannot
 * share one: NocoBase empties the whole database of the cache.
 */
export interface RedisDatabases {
  /** @default 0 */
  readonly cache?: number;

  /** @default 1 */
  readonly syncSignal?: number;

  /** @default 2 */
  readonly lock?: number;

  /** @default 3 */
  readonly queue?: number;

  /** @default 4 */
  readonly workerIds?: number;
}

/** A Redis that is bound to a cluster. */
export interface RedisBinding extends PartBinding {
  /** Where each function finds it. */
  readonly urls: RedisUrls;

  /**
   * The ElastiCache replication group; with one Redis for each function that of
   * the functions that are not named.
   *
   * @default - the Redis is known by its address only
   */
  readonly replicationGroup?: elasticache.CfnReplicationGroup;

  /**
   * The Secret with the auth token.
   *
   * @default - the Redis was not made here
   */
  readonly secret?: secretsmanager.ISecret;
}

/** What the Redis of a cluster can be: made by `Redis`, or a `ValkeyCache` of another stack. */
export interface IRedis {
  /** Makes or looks up what it stands for. Called once, by the cluster. */
  bind(scope: Construct, context: PartContext): RedisBinding;
}

/**
 * The Redis behind the functions of the guide, each in a logical database of
 * its own: 0 cache, 1 sync signal, 2 distributed lock, 3 message queue (when
 * that is Redis), 4 worker ids.
 */
export abstract class Redis implements IRedis {
  /**
   * A managed ElastiCache for Valkey 8.2: primary and replica with automatic
   * failover, TLS, auth token, encryption at rest.
   */
  public static valkey(props: ValkeyProps = {}): Redis {
    return new Deferred((scope, context) =>
      new ValkeyCache(scope, 'Redis', { ...allOptions(props), ...placement(context) }).bind(scope, context),
    );
  }

  /**
   * A Redis or Valkey that runs already, by its address: ElastiCache with
   * cluster mode disabled, MemoryDB with one shard, or your own.
   *
   * NocoBase speaks to one endpoint and follows no redirects: neither Sentinel
   * nor shards. Set `maxmemory-policy` to `noeviction`, or locks and queued
   * work may be evicted. With Valkey before 8.1, or Redis before 8 without
   * RedisBloom, the list of revoked tokens falls back to the database.
   */
  public static existing(options: ExistingRedisOptions): Redis {
    return new Deferred((scope) => existingRedis(scope, options));
  }

  /**
   * An ElastiCache replication group of this app. What NocoBase cannot use is
   * refused (shards, a secondary of a global datastore), and synthesis warns of
   * what it does without (Bloom filter, TLS, password, `noeviction`).
   */
  public static fromReplicationGroup(
    replicationGroup: elasticache.CfnReplicationGroup,
    options: ExistingReplicationGroupOptions = {},
  ): Redis {
    return new Deferred((scope) => existingReplicationGroup(scope, replicationGroup, options));
  }

  /** A Redis for each function, where one is not to be for all. They cannot be nested. */
  public static perFunction(props: RedisPerFunctionProps): Redis {
    return new PerFunction(props);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): RedisBinding;
}

class Deferred extends Redis {
  constructor(private readonly create: (scope: Construct, context: PartContext) => RedisBinding) {
    super();
  }

  public bind(scope: Construct, context: PartContext): RedisBinding {
    return this.create(scope, context);
  }
}

class PerFunction extends Redis {
  constructor(private readonly props: RedisPerFunctionProps) {
    super();
  }

  public bind(scope: Construct, context: PartContext): RedisBinding {
    checkPerFunction(scope, this.props);
    for (const name of NAMES) {
      if (this.props[name] instanceof PerFunction) {
        throw invalidProp(scope, {
          prop: `redis.${name}`,
          problem: 'is a Redis for each function again, some of which would be idle',
          remedy: 'Name the Redis of each function once, in the outer Redis.perFunction({ … })',
        });
      }
    }
    return redisPerFunction(scope, this.props, context);
  }
}
