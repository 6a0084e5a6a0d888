import { hostText } from '../host-and-port';
import type { PartBinding } from '../node/contribution';
import { hasOneDatabase, ONE_DATABASE_WAY_OUT } from './one-database';
import type { RedisDatabases, RedisUrls } from './redis';

/** The functions of the guide that Redis has, as its props call them. */
export const FUNCTIONS = ['cache', 'syncSignal', 'lock', 'queue', 'workerIds'] as const;

export type RedisFunction = (typeof FUNCTIONS)[number];

/** Of Valkey. Redis OSS on ElastiCache ends at 7.1 and has none. */
export const OLDEST_VERSION_WITH_BLOOM_FILTER = 8.1;

/** Something for each function. */
export function perFunction<T>(make: (name: RedisFunction) => T): { [name in RedisFunction]: T } {
  return Object.fromEntries(FUNCTIONS.map((name) => [name, make(name)])) as { [name in RedisFunction]: T };
}

/** The URLs of one Redis. */
export function redisUrls(server: string, databases: Required<RedisDatabases>): RedisUrls {
  return perFunction((name) => `${server}/${databases[name]}`);
}

/**
 * What NocoBase is told about its Redis, however many there are.
 *
 * @param credentials where the passwords are, if others may be given
 */
export function redisContributions(
  urls: RedisUrls,
  credentials: string[] = [],
): Pick<
  PartBinding,
  'contribution' | 'adapterContribution' | 'adapterPlugins' | 'claims' | 'adapterClaims' | 'claimsRemedy'
> {
  const { cache, ...others } = perFunction((name) => placeOf(urls[name]));
  return {
    contribution: {
      environment: {
        CACHE_DEFAULT_STORE: 'redis',
        // The URLs are in a Secret, and ECS does not look at it: nodes that run would keep the old ones, and take their
        // locks where the new ones do not look.
        LAUNCHER_REDIS_ENDPOINT: distinct([...FUNCTIONS.map((name) => description(urls[name])), ...credentials]),
      },
      connectionUrls: { CACHE_REDIS_URL: urls.cache },
    },
    adapterPlugins: [
      '@nocobase/plugin-pubsub-adapter-redis',
      '@nocobase/plugin-lock-adapter-redis',
      '@nocobase/plugin-workerid-allocator-redis',
    ],
    adapterContribution: {
      environment: { LOCK_ADAPTER_DEFAULT: 'redis' },
      connectionUrls: {
        PUBSUB_ADAPTER_REDIS_URL: urls.syncSignal,
        LOCK_ADAPTER_REDIS_URL: urls.lock,
        // Idle while `QUEUE_ADAPTER` names another queue.
        QUEUE_ADAPTER_REDIS_URL: urls.queue,
        REDIS_URL: urls.workerIds,
      },
    },
    claims: { cache },
    adapterClaims: {
      ...others,
      // Redis passes signals on to whoever listens, in whatever database, and NocoBase calls its channels alike everywhere.
      'channels of syncSignal': others.syncSignal.replace(/\/\d+$/, ''),
    },
    claimsRemedy: FUNCTIONS.some((name) => hasOneDatabase(hostOf(urls[name])))
      ? `A Redis with shards, MemoryDB and ElastiCache Serverless among them, has database 0 only. ${ONE_DATABASE_WAY_OUT}`
      : undefined,
  };
}

/** Protocol, user, server and database, and no URL that anybody could take for one. */
function description(url: string): string {
  return url.replace(
    /^(rediss?):\/\/(?:([^:@]*):[^@]*@)?/,
    (_, protocol, user) => `${protocol} ${user ? `${user}@` : ''}`,
  );
}

/** The same place, whoever comes and however. */
function placeOf(url: string): string {
  return `Redis ${hostText(withoutCredentials(url))}`;
}

function hostOf(url: string): string {
  return withoutCredentials(url).replace(/:.*$/, '');
}

function withoutCredentials(url: string): string {
  return url.replace(/^rediss?:\/\/([^@]*@)?/, '');
}

function distinct(texts: string[]): string {
  return [...new Set(texts)].join(' ');
}
