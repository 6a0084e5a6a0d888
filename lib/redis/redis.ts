import type * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { PartBinding, PartContext } from '../node/contribution';
import { ValkeyCache, type ValkeyProps } from './valkey-cache';

/** A Redis that is bound to a cluster. */
export interface RedisBinding extends PartBinding {
  /**
   * The ElastiCache replication group.
   *
   * @default - the Redis was not made here
   */
  readonly replicationGroup?: elasticache.CfnReplicationGroup;

  /**
   * The Secret with the auth token.
   *
   * @default - the Redis was not made here
   */
  readonly secret?: secretsmanager.ISecret;
}

/**
 * The Redis behind the functions of the guide, each in a logical database of
 * its own: 0 cache, 1 sync signal, 2 distributed lock, 3 message queue (when
 * that is Redis), 4 worker ids.
 */
export abstract class Redis {
  /**
   * A managed ElastiCache for Valkey 8.2: primary and replica with automatic
   * failover, TLS, auth token, encryption at rest.
   */
  public static valkey(props: ValkeyProps = {}): Redis {
    return new ManagedValkey(props);
  }

  /** Makes or looks up what the strategy stands for. Called once, by the cluster. */
  public abstract bind(scope: Construct, context: PartContext): RedisBinding;
}

class ManagedValkey extends Redis {
  constructor(private readonly props: ValkeyProps) {
    super();
  }

  public bind(scope: Construct, context: PartContext): RedisBinding {
    return new ValkeyCache(scope, 'Redis', {
      ...this.props,
      vpc: context.vpc,
      vpcSubnets: context.dataSubnets,
    }).binding;
  }
}
