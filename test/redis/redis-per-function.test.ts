import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { type ExistingRedisOptions, type IRedis, Redis, type RedisPerFunctionProps, ValkeyCache } from '../../lib';
import { RDS_ROOTS } from '../../lib/database/rds-roots.generated';
import { newCluster, synthesize } from '../cluster-fixture';
import { newPlace, reference, stored, told, warnings } from '../part-fixture';

const GROUP = 'AWS::ElastiCache::ReplicationGroup';
const PEM = RDS_ROOTS['us-east-1'];

function existing(stack: Stack, name: string, options: Partial<ExistingRedisOptions> = {}): Redis {
  return Redis.existing({ host: `${name}.internal`, password: stored(stack, name), ...options });
}

function bind(props: (stack: Stack, vpc: ec2.IVpc) => RedisPerFunctionProps) {
  const { stack, vpc, context } = newPlace();
  const binding = Redis.perFunction(props(stack, vpc)).bind(stack, context);
  return { stack, binding, told: told(stack, binding.contribution, binding.adapterContribution) };
}

const groups = (stack: Stack) => Object.keys(Template.fromStack(stack).findResources(GROUP));
/** The id that the one Redis of a cluster has in such a place. */
const usualId = () => groups(bind(() => ({})).stack)[0];

test('each function goes where it is told, in its database there; the others go to a managed one', () => {
  const { told, stack } = bind((of) => ({
    cache: existing(of, 'cache'),
    queue: existing(of, 'queue', { databases: { queue: 9 } }),
  }));
  const url = (name: string, database: number) => `rediss://:${reference(name)}@${name}.internal:6379/${database}`;
  expect(told).toMatchObject({ CACHE_REDIS_URL: url('cache', 0), QUEUE_ADAPTER_REDIS_URL: url('queue', 9) });
  const [managed] = groups(stack);
  for (const [variable, database] of [
    ['PUBSUB_ADAPTER_REDIS_URL', 1],
    ['LOCK_ADAPTER_REDIS_URL', 2],
    ['REDIS_URL', 4],
  ] as const) {
    expect(told[variable]).toMatch(new RegExp(`@<${managed}\\.PrimaryEndPoint\\.Address>:.*/${database}$`));
  }
});

test('the names of the variables are those of one Redis for all', () => {
  const { binding } = bind((of) => ({ cache: existing(of, 'cache') }));
  const one = Redis.valkey().bind(newPlace().stack, newPlace().context);
  for (const part of ['contribution', 'adapterContribution'] as const) {
    expect(Object.keys(binding[part]!.connectionUrls!)).toEqual(Object.keys(one[part]!.connectionUrls!));
    expect(Object.keys(binding[part]!.environment!)).toEqual(Object.keys(one[part]!.environment!));
  }
  expect(binding.adapterPlugins).toEqual(one.adapterPlugins);
});

describe('what is made keeps its id', () => {
  test('when functions move out of the one that is for all the others', () => {
    for (const props of [
      (of: Stack) => ({ cache: existing(of, 'cache') }),
      (of: Stack) => ({ cache: existing(of, 'a'), lock: existing(of, 'b'), workerIds: existing(of, 'c') }),
      () => ({ others: Redis.valkey({ replicas: 2 }) }),
    ]) {
      expect(groups(bind(props).stack)).toEqual([usualId()]);
    }
  });

  test('when another function gets one of its own as well', () => {
    const one = groups(bind(() => ({ lock: Redis.valkey() })).stack);
    const two = groups(bind(() => ({ cache: Redis.valkey(), lock: Redis.valkey() })).stack);
    expect(one).toHaveLength(2);
    expect(two).toEqual(expect.arrayContaining(one));
  });

  test('or is refused, when its id would hang on which functions it is for', () => {
    expect(() =>
      bind(() => {
        const shared = Redis.valkey();
        return { lock: shared, queue: shared };
      }),
    ).toThrow(
      '[Prod/RedisForLock]: `redis.lock` makes a Redis that is also for queue: it would be replaced when one of them moved. Give it as `others`, or make it yourself, new ValkeyCache(this, id, { vpc })',
    );
  });

  test('when it is a construct of the user, for as many functions as it is given for', () => {
    const { stack, told } = bind((of, vpc) => {
      const shared = new ValkeyCache(of, 'Shared', { vpc });
      return { lock: shared, queue: shared };
    });
    const shared = groups(stack).find((id) => id.startsWith('Shared'));
    expect(told.LOCK_ADAPTER_REDIS_URL).toContain(`@<${shared}.`);
    expect(told.QUEUE_ADAPTER_REDIS_URL).toContain(`@<${shared}.`);
  });
});

test('no Redis is made when each function has one', () => {
  const { stack } = bind((of) => {
    const one = existing(of, 'one');
    return { cache: one, syncSignal: one, lock: one, queue: one, workerIds: existing(of, 'two') };
  });
  expect(groups(stack)).toEqual([]);
});

test('none is made for the queue alone, which would be idle with RabbitMQ, unless it is asked for', () => {
  const named = (of: Stack) => {
    const one = existing(of, 'one');
    return { cache: one, syncSignal: one, lock: one, workerIds: one };
  };
  expect(() => bind(named)).toThrow('`redis.queue` is the only function without a Redis');
  expect(groups(bind((of) => ({ ...named(of), others: Redis.valkey() })).stack)).toEqual([usualId()]);
});

test.each(['cache', 'others'] as const)('one for each function is not given again for %s, idle in part', (name) => {
  expect(() =>
    bind((of) => {
      const inner = Redis.perFunction({ cache: existing(of, 'b'), others: existing(of, 'c') });
      return { cache: existing(of, 'a'), others: existing(of, 'd'), [name]: inner };
    }),
  ).toThrow(
    `[Prod]: \`redis.${name}\` is a Redis for each function again, some of which would be idle. Name the Redis`,
  );
});

test.each<[string, any, string]>([
  [
    'nothing',
    undefined,
    '`redis` names no Redis for any function, got: nothing. Write Redis.perFunction({ cache: … })',
  ],
  ['a URL', 'redis://cache', '`redis` names no Redis for any function, got: string.'],
  [
    'a URL for a function',
    { cache: 'redis://cache' },
    '`redis.cache` must be made by one of the factories, got: string. Write cache: Redis.valkey(',
  ],
  [
    'a URL for the others',
    { others: 'redis://cache' },
    '`redis.others` must be made by one of the factories, got: string.',
  ],
])('%s is refused', (_, props, message) => {
  expect(() => bind(() => props)).toThrow(message);
});

test('a Redis that is given twice is bound once', () => {
  const { stack } = bind((of) => {
    const one = existing(of, 'one', { tls: false });
    return { cache: one, lock: one };
  });
  expect(warnings(stack)).toHaveLength(1);
});

test('a sharded Redis serves one function', () => {
  const sharded = (stack: Stack) =>
    existing(stack, 'x', { host: 'clustercfg.crm.abc123.memorydb.eu-central-1.amazonaws.com' });
  const cluster = (props: (stack: Stack) => RedisPerFunctionProps) => {
    const { stack } = newPlace();
    return () => newCluster({ redis: Redis.perFunction(props(stack)) });
  };
  expect(cluster((stack) => ({ cache: sharded(stack) }))).not.toThrow();
  expect(
    cluster((stack) => {
      const one = sharded(stack);
      return { cache: one, lock: one };
    }),
  ).toThrow(/`redis` has its lock in Redis clustercfg\..*\/0, where `redis` has its cache already/);
});

test('what is claimed is what is used, and no more', () => {
  const { binding } = bind((of) => ({
    cache: existing(of, 'a'),
    syncSignal: existing(of, 'b'),
    others: existing(of, 'c'),
  }));
  expect({ ...binding.claims, ...binding.adapterClaims }).toEqual({
    cache: 'Redis a.internal:6379/0',
    syncSignal: 'Redis b.internal:6379/1',
    lock: 'Redis c.internal:6379/2',
    queue: 'Redis c.internal:6379/3',
    workerIds: 'Redis c.internal:6379/4',
    'channels of syncSignal': 'Redis b.internal:6379',
  });
  for (const member of binding.members!) {
    expect(member.claims).toBeUndefined();
  }
});

test('the passwords of all are looked at, and their roots trusted', () => {
  const { binding } = bind((of) => ({
    cache: existing(of, 'a', { caCertificate: PEM }),
    others: existing(of, 'b'),
  }));
  const names = binding.members!.flatMap(({ urlParts }) => Object.values(urlParts!).map(({ storeName }) => storeName));
  expect(names.sort()).toEqual(['a', 'b']);
  expect(binding.contribution.trustedCertificates).toEqual([PEM]);
});

test('nodes start anew with the password of another Secret, or a Redis of another name', () => {
  const endpoint = (props: (of: Stack) => RedisPerFunctionProps) =>
    bind((of) => ({ others: existing(of, 'others'), ...props(of) })).told.LAUNCHER_REDIS_ENDPOINT;
  const usual = endpoint((of) => ({ cache: existing(of, 'a') }));
  expect(endpoint((of) => ({ cache: existing(of, 'a', { password: stored(of, 'b') }) }))).not.toBe(usual);
  expect(endpoint((of) => ({ cache: existing(of, 'b', { password: stored(of, 'a') }) }))).not.toBe(usual);
  expect(usual).not.toContain('resolve:');
});

test('a cluster lets its nodes in to each of them', () => {
  const { stack } = newPlace();
  const group = (id: string) => [ec2.SecurityGroup.fromSecurityGroupId(stack, id, `sg-${id}`)];
  const { template } = synthesize({
    redis: Redis.perFunction({
      cache: existing(stack, 'a', { securityGroups: group('a') }),
      lock: existing(stack, 'b', { securityGroups: group('b') }),
    }),
  });
  const groupsWithRules = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(
    ({ Properties }) => JSON.stringify(Properties.GroupId),
  );
  for (const id of ['sg-a', 'sg-b', 'NocoBaseDataRedisSecurityGroup']) {
    expect(groupsWithRules).toContainEqual(expect.stringContaining(id));
  }
});

test('a strategy of somebody else is one like ours', () => {
  const { stack } = newPlace();
  const mine: IRedis = {
    bind: (scope, context) => existing(stack, 'mine').bind(scope, context),
  };
  expect(bind(() => ({ cache: mine })).told.CACHE_REDIS_URL).toContain('@mine.internal');
});
