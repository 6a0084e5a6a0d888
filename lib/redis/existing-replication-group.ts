import { Stack, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import { checkRequired } from '../given';
import { invalidProp } from '../invalid-prop';
import type { StoredSecret } from '../node/stored-secret';
import { checkRegion } from '../same-region';
import { existingRedis } from './existing-redis';
import type { RedisBinding, RedisDatabases } from './redis';

/** What a replication group does not say of itself. */
export interface ExistingReplicationGroupOptions {
  /**
   * The user of an access control list.
   *
   * @default - the default user
   */
  readonly username?: string;

  /**
   * The auth token, in Secrets Manager; required where the group has one. It
   * becomes part of URLs, as in `Redis.existing()`: another one is given by
   * another Secret.
   *
   * @default - none, with a warning
   */
  readonly password?: StoredSecret;

  /**
   * The logical database of each function: 0 to 15, unless its parameter group
   * says otherwise. Moving one while nodes run takes it away from them until the
   * last of them is replaced.
   *
   * @default - 0 cache, 1 sync signal, 2 lock, 3 queue, 4 worker ids
   */
  readonly databases?: RedisDatabases;

  /**
   * Its security groups. The nodes are let in on its port.
   *
   * @default - none: letting the nodes in is up to you (`cluster.connections`)
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** A Redis of which the template tells more than its address. */
export function existingReplicationGroup(
  scope: Construct,
  group: elasticache.CfnReplicationGroup,
  options: ExistingReplicationGroupOptions,
): RedisBinding {
  checkRequired(scope, { redis: group });
  if (!elasticache.CfnReplicationGroup.isCfnReplicationGroup(group)) {
    throw invalidProp(scope, {
      prop: 'redis',
      problem: `must be a CfnReplicationGroup, got: ${typeof group}`,
      remedy: 'Give one of this app, or the address of any other, Redis.existing({ host })',
    });
  }
  checkRegion(scope, 'redis', {
    what: group.node.path,
    region: Stack.of(group).region,
    remedy: 'Give one of that region: what it holds is of use to the nodes beside it only',
  });
  const { transitEncryptionEnabled: tls } = group;
  const number = group.port === undefined ? undefined : { port: group.port };
  const binding = existingRedis(
    scope,
    { ...options, ...number, host: group.attrPrimaryEndPointAddress, tls: Token.isUnresolved(tls) || tls === true },
    group.attrPrimaryEndPointPort,
  );
  return { ...binding, replicationGroup: group };
}
