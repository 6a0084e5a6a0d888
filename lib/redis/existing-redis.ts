import { Validations } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, type IConstruct } from 'constructs';
import { pathOf, referredResource } from '../app-resources';
import { checkCertificate } from '../certificate';
import { checkRequired } from '../given';
import { checkHost, checkPort, portText } from '../host-and-port';
import { invalidProp, isKnown } from '../invalid-prop';
import type { StoredSecret } from '../node/stored-secret';
import { serverConnections } from '../server-connections';
import { checkKnownRedis } from './known-redis';
import { hasOneDatabase, isServerless } from './one-database';
import type { RedisBinding, RedisDatabases } from './redis';
import { checkedDatabases } from './redis-databases';
import { redisContributions, redisUrls } from './redis-functions';

/** A Redis that runs already. */
export interface ExistingRedisOptions {
  /** Name or address of the one that writes, e.g. the primary endpoint of ElastiCache. */
  readonly host: string;

  /** @default 6379 */
  readonly port?: number;

  /**
   * Whether it speaks TLS. Without, passwords and sessions travel in clear text,
   * and synthesis warns.
   *
   * @default true
   */
  readonly tls?: boolean;

  /**
   * The root certificate, PEM, by which nodes verify the server.
   *
   * @default - the public ones, by which those of ElastiCache and MemoryDB are verified
   */
  readonly caCertificate?: string;

  /**
   * The user of an access control list, which has a `password`. Letters, digits,
   * `_`, `-`, `.` and `~`; others percent-encoded.
   *
   * @default - the default user
   */
  readonly username?: string;

  /**
   * The password or auth token, in Secrets Manager. It becomes part of URLs: it
   * must consist of characters that stand in a URL as they are, or be stored
   * percent-encoded, which is checked before a deployment.
   *
   * The URLs are put together when they are deployed: of another value of the
   * same Secret neither a deployment nor a restart makes nodes hear. Put a new
   * password into a new Secret, and give that.
   *
   * @default - none, with a warning
   */
  readonly password?: StoredSecret;

  /**
   * The logical database of each function. Moving one while nodes run takes it
   * away from them until the last of them is replaced.
   *
   * @default - 0 cache, 1 sync signal, 2 lock, 3 queue, 4 worker ids
   */
  readonly databases?: RedisDatabases;

  /**
   * The security groups of the server. The nodes are let in on its port.
   *
   * @default - none: letting the nodes in is up to you (`cluster.connections`)
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

const USUAL_PORT = 6379;

/** @param port as it stands in a URL, where that is known better than the number */
export function existingRedis(scope: Construct, options: ExistingRedisOptions, port?: string): RedisBinding {
  const redis = new Construct(scope, 'Redis');
  checkRequired(redis, { 'redis.host': options?.host });
  const { host, port: number = USUAL_PORT, tls = true, username, password, caCertificate } = options;
  checkOptions(redis, options);
  warn(redis, options);

  const databases = checkedDatabases(redis, options.databases, hasOneDatabase(host) ? 0 : undefined);
  const credentials = password === undefined ? '' : `${username ?? ''}:${password.dynamicReference}@`;
  const server = `${host}:${port ?? portText(number)}`;
  const urls = redisUrls(`${tls ? 'rediss' : 'redis'}://${credentials}${server}`, databases);
  const { contribution, ...rest } = redisContributions(urls, password ? [password.arn] : []);
  return {
    ...rest,
    urls,
    contribution: {
      ...contribution,
      trustedCertificates: caCertificate === undefined ? [] : [caCertificate],
    },
    urlParts: password && { 'password of Redis': password },
    connections: serverConnections(redis, 'redis.securityGroups', options.securityGroups, number),
  };
}

function checkOptions(
  redis: IConstruct,
  { host, port = USUAL_PORT, caCertificate, username, password }: ExistingRedisOptions,
) {
  checkHost(redis, 'redis.host', host);
  checkPort(redis, 'redis.port', port);
  checkCertificate(redis, 'redis.caCertificate', caCertificate);
  checkKnownRedis(redis, host, password !== undefined);
  if (username !== undefined && isKnown(username) && !/^([\w.~-]|%[0-9A-Fa-f]{2})+$/.test(username)) {
    throw invalidProp(redis, {
      prop: 'redis.username',
      problem: `'${username}' cannot stand in a URL as it is`,
      remedy: 'Use a user of letters, digits, `_`, `-`, `.`, `~`, or write it percent-encoded',
    });
  }
  if (username !== undefined && password === undefined) {
    throw invalidProp(redis, {
      prop: 'redis.username',
      problem: 'has no `redis.password`, without which nobody signs in',
      remedy: 'Give both, or neither for the default user without a password',
    });
  }
  if (password !== undefined && typeof password?.storeArn !== 'string') {
    throw invalidProp(redis, {
      prop: 'redis.password',
      problem: 'is no StoredSecret, so it is not known where it is',
      remedy: 'Write StoredSecret.inSecretsManager(secret, field)',
    });
  }
  if (password !== undefined && password.dynamicReference === undefined) {
    throw invalidProp(redis, {
      prop: 'redis.password',
      problem: 'is in Parameter Store, from where CloudFormation cannot put it into a URL',
      remedy: 'Store it in Secrets Manager: StoredSecret.inSecretsManager(secret, field)',
    });
  }
}

function warn(redis: Construct, { host, tls, password }: ExistingRedisOptions) {
  const validations = Validations.of(redis);
  if (tls === false) {
    validations.addWarning(
      'cdk-nocobase:redis-without-tls',
      'Nodes speak to this Redis without TLS: sessions, and its password, travel in clear text inside the network. Switch TLS on at the server and leave `tls` out.',
    );
  }
  if (password === undefined) {
    validations.addWarning(
      'cdk-nocobase:redis-without-password',
      'Whoever reaches this Redis may read sessions and take locks. Give it an auth token, and `password` with it.',
    );
  }
  if (hasOneDatabase(host)) {
    const known = referredResource(host);
    const evicts = isServerless(host)
      ? ' And ElastiCache Serverless evicts keys with a time to live when its limit is reached: locks may go.'
      : '';
    validations.addWarning(
      'cdk-nocobase:redis-with-shards',
      `${known === undefined ? `'${host}'` : pathOf(known)} may have shards and has database 0 only. NocoBase follows no redirects: such a Redis works with one shard only, and for one function (Redis.perFunction). Acknowledge this when that is so.${evicts}`,
    );
  }
}
