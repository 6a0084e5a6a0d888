import type { IConstruct } from 'constructs';
import { checkDays, invalidProp, isKnown, refuseToken, whole } from '../invalid-prop';
import { OLDEST_VERSION_WITH_BLOOM_FILTER } from './redis-functions';
import type { ValkeyProps } from './valkey-cache';

export function checkValkeyProps(scope: IConstruct, props: ValkeyProps) {
  const version = props.engineVersion;
  refuseToken(scope, 'redis.engineVersion', version);
  if (version !== undefined && isKnown(version)) {
    if (!/^\d+\.\d+$/.test(version)) {
      throw invalidProp(scope, {
        prop: 'redis.engineVersion',
        problem: `must be major and minor version of Valkey, got: '${version}'`,
        remedy: "ElastiCache takes '8.2', not '8.2.0' and not 'valkey8.2'",
      });
    }
    if (Number.parseFloat(version) < OLDEST_VERSION_WITH_BLOOM_FILTER) {
      throw invalidProp(scope, {
        prop: 'redis.engineVersion',
        problem: `${version} has no Bloom filter, which NocoBase's list of revoked tokens needs`,
        remedy: 'Use Valkey 8.1 or newer, or leave it out for 8.2; Redis OSS on ElastiCache ends at 7.1 and has none',
      });
    }
  }
  const nodeType = props.nodeType;
  if (nodeType !== undefined && isKnown(nodeType) && !/^cache\.[a-z0-9-]+\.[a-z0-9]+$/.test(nodeType)) {
    throw invalidProp(scope, {
      prop: 'redis.nodeType',
      problem: `'${nodeType}' is not an ElastiCache node type`,
      remedy: "Write it with its prefix, e.g. 'cache.t4g.small' or 'cache.m7g.large'",
    });
  }
  const remedy = 'Use 1 for a primary and a replica in two availability zones';
  const replicas = whole(scope, 'redis.replicas', props.replicas ?? 1, 0, 5, remedy);
  if (props.automaticFailover && replicas === 0) {
    throw invalidProp(scope, {
      prop: 'redis.automaticFailover',
      problem: 'true needs a node to fail over to, and `redis.replicas` is 0',
      remedy: 'Set `redis.replicas` to 1 or leave `automaticFailover` out',
    });
  }
  const snapshots = 'Write e.g. Duration.days(7), or leave it out for no snapshots';
  checkDays(scope, 'redis.snapshotRetention', props.snapshotRetention, 0, 35, snapshots);
}
