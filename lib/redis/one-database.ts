import { isKnown } from '../invalid-prop';

/** Names of AWS for what has one logical database and speaks the protocol of Redis Cluster. */
const SERVERLESS = /\.serverless\.[a-z0-9-]+\.cache\.amazonaws\.com(\.cn)?$/;
const SHARDED = /^clustercfg\.|\.clustercfg\.|\.memorydb\./;

export const ONE_DATABASE_WAY_OUT =
  'Give each function a Redis of its own, with Redis.perFunction({ … }), or use one with cluster mode disabled';

export function isServerless(host: string): boolean {
  return isKnown(host) && SERVERLESS.test(host);
}

export function hasOneDatabase(host: string): boolean {
  return isServerless(host) || (isKnown(host) && SHARDED.test(host));
}
