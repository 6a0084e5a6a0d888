import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as memorydb from 'aws-cdk-lib/aws-memorydb';
import { referredAttribute } from '../app-resources';
import { isKnown } from '../invalid-prop';

/** Names of AWS for what has one logical database and speaks the protocol of Redis Cluster. */
const SERVERLESS = /\.serverless\.[a-z0-9-]+\.cache\.amazonaws\.com(\.cn)?$/;
const SHARDED = /^clustercfg\.|\.clustercfg\.|\.memorydb\./;

/** The attribute of a replication group with cluster mode enabled, and of no other. */
export const CONFIGURATION_ENDPOINT = 'ConfigurationEndPoint.Address';

export const ONE_DATABASE_WAY_OUT =
  'Give each function a Redis of its own, with Redis.perFunction({ … }), or use one with cluster mode disabled';

export function isServerless(host: string): boolean {
  const { resource } = referredAttribute(host) ?? {};
  return elasticache.CfnServerlessCache.isCfnServerlessCache(resource) || (isKnown(host) && SERVERLESS.test(host));
}

export function hasOneDatabase(host: string): boolean {
  return isServerless(host) || isSharded(host);
}

function isSharded(host: string): boolean {
  const { resource, attribute } = referredAttribute(host) ?? {};
  return (
    (elasticache.CfnReplicationGroup.isCfnReplicationGroup(resource) && attribute === CONFIGURATION_ENDPOINT) ||
    memorydb.CfnCluster.isCfnCluster(resource) ||
    (isKnown(host) && SHARDED.test(host))
  );
}
