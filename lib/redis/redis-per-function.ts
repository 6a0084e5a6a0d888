import { CfnResource } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { invalidProp, typeOf } from '../invalid-prop';
import type { PartBinding, PartContext } from '../node/contribution';
import { type IRedis, Redis, type RedisBinding } from './redis';
import { FUNCTIONS, perFunction, type RedisFunction, redisContributions } from './redis-functions';

/** Which Redis is for what. One that is given more than once is made once. */
export interface RedisPerFunctionProps {
  /**
   * For the cache. Its database may be emptied by NocoBase at any time.
   *
   * @default - `others`
   */
  readonly cache?: IRedis;

  /**
   * For the sync signal, by which nodes tell each other what has changed.
   *
   * @default - `others`
   */
  readonly syncSignal?: IRedis;

  /**
   * For the distributed lock.
   *
   * @default - `others`
   */
  readonly lock?: IRedis;

  /**
   * For the message queue, when that is `MessageQueue.redis()`; idle otherwise.
   * Moving it loses what is queued.
   *
   * @default - `others`
   */
  readonly queue?: IRedis;

  /**
   * For the worker-id allocator.
   *
   * @default - `others`
   */
  readonly workerIds?: IRedis;

  /**
   * For the functions that are not named. Needs to be said when `queue` is the
   * only one of them.
   *
   * @default Redis.valkey()
   */
  readonly others?: IRedis;
}

/** Whom a Redis can be named for. */
export const NAMES = [...FUNCTIONS, 'others'] as const;

/** The compiler asks for strategies in TypeScript; not every language has one. */
export function checkPerFunction(scope: Construct, props: RedisPerFunctionProps | undefined) {
  if (typeof props !== 'object' || props === null) {
    throw invalidProp(scope, {
      prop: 'redis',
      problem: `names no Redis for any function, got: ${typeOf(props)}`,
      remedy: 'Write Redis.perFunction({ cache: … }), or Redis.valkey() for one that is for all of them',
    });
  }
  for (const name of NAMES) {
    const redis = props[name];
    if (redis !== undefined && typeof redis?.bind !== 'function') {
      throw invalidProp(scope, {
        prop: `redis.${name}`,
        problem: `must be made by one of the factories, got: ${typeOf(redis)}`,
        remedy: `Write ${name}: Redis.valkey({ … }), or Redis.existing({ host }) for one that runs already`,
      });
    }
  }
}

/**
 * Binds each Redis once. The one for `others` has the id that a single Redis
 * has, so that taking a function out of it does not replace it; another one has
 * the id of its function.
 */
export function redisPerFunction(scope: Construct, props: RedisPerFunctionProps, context: PartContext): RedisBinding {
  refuseIdleRedis(scope, props);
  const others = props.others ?? Redis.valkey();
  const redisFor = perFunction((name) => props[name] ?? others);
  const bound = new Map<IRedis, RedisBinding>();
  for (const redis of new Set(Object.values(redisFor))) {
    const names = FUNCTIONS.filter((name) => redisFor[name] === redis);
    const where = redis === others ? scope : new Construct(scope, `RedisFor${capitalized(names[0])}`);
    bound.set(redis, redis.bind(where, context));
    if (redis !== others && names.length > 1) refuseMade(where, names);
  }

  const chosen = perFunction((name) => bound.get(redisFor[name])!);
  const urls = perFunction((name) => chosen[name].urls[name]);
  const members = [...bound.values()].flatMap((binding) => [binding, ...(binding.members ?? [])]);
  const passwords = members.flatMap(({ urlParts }) => Object.values(urlParts ?? {}).map(({ arn }) => arn));
  const { contribution, ...rest } = redisContributions(urls, passwords);
  return {
    ...rest,
    urls,
    members: members.map(asMember),
    contribution: {
      ...contribution,
      trustedCertificates: members.flatMap((member) => member.contribution.trustedCertificates ?? []),
    },
    replicationGroup: bound.get(others)?.replicationGroup,
    secret: bound.get(others)?.secret,
  };
}

/** Only the queue would be left for it, which RabbitMQ may have. */
function refuseIdleRedis(scope: Construct, props: RedisPerFunctionProps) {
  const left = FUNCTIONS.filter((name) => props[name] === undefined);
  if (props.others === undefined && left.length === 1 && left[0] === 'queue') {
    throw invalidProp(scope, {
      prop: 'redis.queue',
      problem:
        'is the only function without a Redis, and one of its own would be made for it, idle where the queue is RabbitMQ',
      remedy: 'Name the Redis of another function for it, or `others: Redis.valkey()` when it is to have its own',
    });
  }
}

/** The id of one that is made would be that of its first function, and change when that goes elsewhere. */
function refuseMade(where: Construct, names: RedisFunction[]) {
  if (where.node.findAll().some((made) => CfnResource.isCfnResource(made))) {
    throw invalidProp(where, {
      prop: `redis.${names[0]}`,
      problem: `makes a Redis that is also for ${names.slice(1).join(' and ')}: it would be replaced when one of them moved`,
      remedy:
        'Give it as `others`, or make it yourself, new ValkeyCache(this, id, { vpc }), so that it keeps its place',
    });
  }
}

/** What remains to be done for each server: what NocoBase is told, and what is claimed, is said once for all of them. */
function asMember({ connections, nodePolicies, startAfter, urlParts }: PartBinding): PartBinding {
  return { contribution: {}, connections, nodePolicies, startAfter, urlParts };
}

function capitalized(name: string): string {
  return `${name[0].toUpperCase()}${name.slice(1)}`;
}
