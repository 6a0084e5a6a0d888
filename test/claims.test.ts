import { App, Fn, Lazy, SecretValue, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import { DatabaseInstance, DatabaseInstanceEngine, PostgresEngineVersion } from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import {
  ClusterPlugins,
  Database,
  DatabaseCa,
  MessageQueue,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  PostgresDatabase,
  Redis,
  type RedisDatabases,
  SharedStorage,
  StoredSecret,
} from '../lib';
import { environment } from './cluster-fixture';
import { warnings } from './network/network-fixture';
import { stored } from './part-fixture';

const ENV = { account: '111111111111', region: 'eu-central-1' };

function cluster(stack: Stack, id: string, props: Partial<NocoBaseClusterProps>) {
  const vpc = (stack.node.tryFindChild('Vpc') as Vpc) ?? new Vpc(stack, 'Vpc', { maxAzs: 2 });
  return new NocoBaseCluster(stack, id, { vpc, plugins: ClusterPlugins.preinstalled(), ...props });
}

function redis(stack: Stack, databases: RedisDatabases = {}) {
  const id = 'RedisPassword';
  const secret =
    (stack.node.tryFindChild(id) as Secret) ??
    new Secret(stack, id, { secretStringValue: SecretValue.unsafePlainText('only-a-test') });
  return Redis.existing({ host: 'redis.internal', password: StoredSecret.inSecretsManager(secret), databases });
}

const database = (stack: Stack, schema?: string, host = 'db.internal', ca = DatabaseCa.wellKnown()) =>
  Database.existing({
    host,
    ca,
    secret: Secret.fromSecretNameV2(stack, `Database${stack.node.children.length}`, 'database'),
    schema,
  });

const stackOf = (app: App, id = 'Prod', env = ENV) => new Stack(app, id, { env });

test('two functions in one logical database of Redis are refused', () => {
  const stack = stackOf(new App());
  expect(() => cluster(stack, 'A', { redis: redis(stack, { lock: 0 }) })).toThrow(
    'cdk-nocobase [Prod/A]: `redis` has its lock in Redis redis.internal:6379/0, where `redis` has its cache already. Give each a place of its own',
  );
});

test.each<[string, (stack: Stack) => string]>([
  ['imported', () => Fn.importValue('CompanyServer')],
  ['read from Parameter Store', (stack) => StringParameter.valueForStringParameter(stack, '/company/server')],
])('one server is one, though its name is %s anew by each', (_, name) => {
  const app = new App();
  const [one, other] = [stackOf(app, 'First'), stackOf(app, 'Second')];
  cluster(one, 'A', { database: database(one, undefined, name(one)) });
  expect(() => cluster(other, 'B', { database: database(other, undefined, name(other)) })).toThrow(
    'where [First/A] has its tables already',
  );
  const alone = stackOf(new App());
  const secret = Secret.fromSecretNameV2(alone, 'RedisPassword', 'redis');
  const given = (databases?: RedisDatabases) =>
    Redis.existing({ host: name(alone), password: StoredSecret.inSecretsManager(secret), databases });
  expect(() =>
    cluster(alone, 'A', { redis: Redis.perFunction({ cache: given(), others: given({ lock: 0 }) }) }),
  ).toThrow('has its lock in Redis');
});

test('a name means another server in each account that a stack without one is deployed into', () => {
  const app = new App();
  for (const id of ['Dev', 'Prod']) {
    const stack = new Stack(app, id);
    const host = StringParameter.valueForStringParameter(stack, '/company/server');
    expect(() => cluster(stack, 'A', { database: database(stack, undefined, host) })).not.toThrow();
    expect(() => cluster(stack, 'B', { database: database(stack, undefined, host) })).toThrow('has its tables already');
  }
});

test('one file system is one, by whichever attribute it is named', () => {
  const stack = stackOf(new App());
  const made = new efs.CfnFileSystem(stack, 'Files', { encrypted: true });
  const [one, other] = [made.ref, made.attrFileSystemId].map((fileSystemId, index) =>
    SharedStorage.existing({
      path: '/nocobase',
      fileSystem: efs.FileSystem.fromFileSystemAttributes(stack, `Files${index}`, {
        fileSystemId,
        securityGroup: SecurityGroup.fromSecurityGroupId(stack, `Group${index}`, 'sg-0123456789abcdef0'),
      }),
    }),
  );
  cluster(stack, 'A', { storage: one });
  expect(() => cluster(stack, 'B', { storage: other })).toThrow('where [Prod/A] has its');
});

test('servers that are known late are taken for different ones', () => {
  const app = new App();
  const [one, other] = [stackOf(app, 'First'), stackOf(app, 'Second')];
  const names = ['', ''];
  const late = (i: number) => Lazy.string({ produce: () => names[i] });
  cluster(one, 'A', { database: database(one, undefined, late(0)) });
  cluster(other, 'B', { database: database(other, undefined, late(1)) });
  names.splice(0, 2, 'a.example.com', 'b.example.com');
  const hosts = [one, other].map((stack) => environment(Template.fromStack(stack)).DB_HOST);
  expect(hosts).toEqual(['a.example.com', 'b.example.com']);
});

test('two clusters on one database are refused, also from different stacks', () => {
  const app = new App();
  const first = stackOf(app, 'First');
  const vpc = new Vpc(first, 'Vpc', { maxAzs: 2 });
  cluster(first, 'A', { vpc, database: database(first) });
  const second = stackOf(app, 'Second');
  expect(() => cluster(second, 'B', { vpc, database: database(second) })).toThrow(
    'cdk-nocobase [Second/B]: `database` has its tables in PostgreSQL db.internal:5432, database nocobase, schema public, where [First/A] has its tables already.',
  );
});

test('two clusters share a PostgreSQL when each has a schema of its own', () => {
  const stack = stackOf(new App());
  cluster(stack, 'A', { database: database(stack, 'a') });
  expect(() => cluster(stack, 'B', { database: database(stack, 'b') })).not.toThrow();
});

test('two clusters on one Redis are refused though their databases differ: signals know no databases', () => {
  const stack = stackOf(new App());
  cluster(stack, 'A', { redis: redis(stack) });
  const others = { cache: 5, syncSignal: 6, lock: 7, queue: 8, workerIds: 9 };
  expect(() => cluster(stack, 'B', { redis: redis(stack, others) })).toThrow(
    '`redis` has its channels of syncSignal in Redis redis.internal:6379, where [Prod/A] has its channels of syncSignal already',
  );
});

test('a database made here is claimed by the cluster that got it first', () => {
  const stack = stackOf(new App());
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
  const shared = new PostgresDatabase(stack, 'Database', { vpc, vpcSubnets: { onePerAz: true } });
  cluster(stack, 'A', { database: shared });
  expect(() => cluster(stack, 'B', { database: shared })).toThrow(
    /\[Prod\/B\]: `database` has its tables in PostgreSQL <.*>, database nocobase, schema public, where \[Prod\/A\]/,
  );
});

test('a virtual host of RabbitMQ belongs to one cluster', () => {
  const stack = stackOf(new App());
  const secret = Secret.fromSecretNameV2(stack, 'Queue', 'queue');
  const queue = (virtualHost?: string) =>
    MessageQueue.existingRabbitMq({ endpoint: 'amqps://mq.internal:5671', secret, virtualHost });
  cluster(stack, 'A', { queue: queue() });
  expect(() => cluster(stack, 'B', { queue: queue('b') })).not.toThrow();
  expect(() => cluster(stack, 'C', { queue: queue() })).toThrow(
    '`queue` has its queues in RabbitMQ mq.internal:5671 /',
  );
});

test('one name means two servers in two accounts, in two networks, and in two stages of open account', () => {
  const app = new App();
  for (const [id, env] of [
    ['Dev', { ...ENV, account: '222222222222' }],
    ['Prod', ENV],
  ] as const) {
    const stack = stackOf(app, id, env);
    expect(() => cluster(stack, 'A', { redis: redis(stack), database: database(stack) })).not.toThrow();
  }
  for (const id of ['Blue', 'Green']) {
    const stack = new Stack(new Stage(app, id), 'Stack');
    const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      privateSubnetIds: ['subnet-1', 'subnet-2'],
      publicSubnetIds: ['subnet-3', 'subnet-4'],
    });
    expect(() => cluster(stack, 'A', { vpc, redis: redis(stack) })).not.toThrow();
  }
});

const inNetworksOfTheirOwn = (host: string) => {
  const stack = stackOf(new App());
  for (const id of ['A', 'B']) {
    new NocoBaseCluster(stack, id, {
      plugins: ClusterPlugins.preinstalled(),
      database: database(stack, undefined, host, host.includes('.rds.') ? DatabaseCa.rds() : undefined),
    });
  }
  return warnings(stack);
};

test.each(['52.1.2.3', 'crm.abc123.eu-central-1.rds.amazonaws.com'])('%s is one place whatever the network', (host) => {
  expect(() => inNetworksOfTheirOwn(host)).toThrow('`database` has its tables in PostgreSQL');
});

test.each(['db.example.com', 'pg.abc123.aivencloud.com', 'pg.test.example.com'])(
  '%s in two networks may be a name of a private zone of each, and is warned of',
  (host) => {
    expect(inNetworksOfTheirOwn(host)).toContainEqual(
      expect.stringContaining(
        `\`database\` is in PostgreSQL ${host}:5432, database nocobase, schema public, a name by which [Prod/A] in another VPC has its \`database\`.`,
      ),
    );
  },
);

test('of a Redis that may be another one it is said once, and one in the same network is refused all the same', () => {
  const stack = stackOf(new App());
  const password = stored(stack, 'redis');
  const make = (id: string, vpcOf = id) => {
    const vpc = (stack.node.tryFindChild(vpcOf) as Vpc) ?? new Vpc(stack, vpcOf, { maxAzs: 2 });
    return cluster(stack, `In${id}`, { vpc, redis: Redis.existing({ host: 'redis.example.com', password }) });
  };
  make('One');
  make('Other');
  expect(warnings(stack).filter((text) => text.includes('another VPC'))).toHaveLength(1);
  expect(() => make('Third', 'Other')).toThrow('where [Prod/InOther] has its cache already');
});

test('on the node itself each cluster has a place of its own, and a function only one', () => {
  const stack = stackOf(new App());
  const secret = Secret.fromSecretNameV2(stack, 'Pooled', 'pooled');
  const pooled = (schema: string) =>
    Database.existing({
      host: '127.0.0.1',
      port: 6432,
      directHost: 'db.internal',
      ca: DatabaseCa.wellKnown(),
      secret,
      schema,
    });
  cluster(stack, 'A', { database: pooled('a') });
  expect(() => cluster(stack, 'B', { database: pooled('b') })).not.toThrow();
  expect(() => cluster(stack, 'C', { database: pooled('a') })).toThrow('tables behind the pooler already');
  const sidecar = (databases?: RedisDatabases) =>
    Redis.existing({ host: 'localhost', password: StoredSecret.inSecretsManager(secret), databases });
  cluster(stack, 'D', { redis: sidecar() });
  expect(() => cluster(stack, 'E', { redis: sidecar() })).not.toThrow();
  expect(() => cluster(stack, 'F', { redis: sidecar({ lock: 0 }) })).toThrow('where `redis` has its cache already');
});

test('a cluster that was taken out again takes no place', () => {
  const stack = stackOf(new App());
  cluster(stack, 'A', { database: database(stack) });
  stack.node.tryRemoveChild('A');
  expect(() => cluster(stack, 'A', { database: database(stack) })).not.toThrow();
});

test('stacks whose account is open may go anywhere, unless they share a network', () => {
  const app = new App();
  const [dev, prod] = ['Dev', 'Prod'].map((id) => new Stack(app, id));
  for (const stack of [dev, prod]) {
    expect(() => cluster(stack, 'A', { database: database(stack, undefined, 'db.example.com') })).not.toThrow();
    expect(warnings(stack).filter((text) => text.includes('another VPC'))).toEqual([]);
  }
  const vpc = dev.node.findChild('Vpc') as Vpc;
  expect(() => cluster(prod, 'B', { vpc, database: database(prod, undefined, 'db.example.com') })).toThrow(
    'where [Dev/A] has its tables already',
  );
});

test.each(['db', '10.0.0.7', '192.168.1.2', '172.31.0.1', 'db.corp', 'DB.INTERNAL'])(
  '%s may be another place in another network',
  (host) => {
    const stack = stackOf(new App());
    for (const id of ['A', 'B']) {
      const vpc = new Vpc(stack, `${id}Vpc`, { maxAzs: 2 });
      expect(() => cluster(stack, id, { vpc, database: database(stack, undefined, host) })).not.toThrow();
    }
    expect(() =>
      cluster(stack, 'C', { vpc: stack.node.findChild('AVpc') as Vpc, database: database(stack, undefined, host) }),
    ).toThrow('where [Prod/A] has its tables already');
  },
);

test('one database is one place, however and in whatever network it is named', () => {
  const stack = stackOf(new App());
  const [vpc, other] = ['One', 'Other'].map((id) => new Vpc(stack, id, { maxAzs: 2 }));
  const engine = DatabaseInstanceEngine.postgres({ version: PostgresEngineVersion.VER_17 });
  const instance = new DatabaseInstance(stack, 'Crm', { engine, vpc });
  const secret = instance.secret!;
  cluster(stack, 'A', { vpc, database: Database.fromInstance(instance, { secret }) });
  expect(() => cluster(stack, 'B', { vpc: other, database: Database.fromInstance(instance, { secret }) })).toThrow(
    'where [Prod/A] has its tables already',
  );
  expect(() =>
    cluster(stack, 'C', {
      vpc,
      database: database(stack, undefined, instance.dbInstanceEndpointAddress, DatabaseCa.rds()),
    }),
  ).toThrow('where [Prod/A] has its tables already');
});

test('behind a pooler there is the database, of which capitals do not make another', () => {
  const stack = stackOf(new App());
  const secret = Secret.fromSecretNameV2(stack, 'Pooled', 'pooled');
  const pooled = Database.existing({
    host: 'pool.internal',
    directHost: 'db.internal',
    ca: DatabaseCa.wellKnown(),
    secret,
  });
  cluster(stack, 'A', { database: pooled });
  expect(() => cluster(stack, 'B', { database: database(stack, undefined, 'DB.internal') })).toThrow(
    '`database` has its tables in PostgreSQL db.internal:5432, database nocobase, schema public, where [Prod/A] has its tables behind the pooler already.',
  );
});

test('what is not looked up yet is no place', () => {
  const app = new App();
  for (const id of ['One', 'Other']) {
    const stack = stackOf(app, id);
    const vpc = Vpc.fromLookup(stack, 'Vpc', { tags: { id } });
    // What DatabaseInstance.fromLookup and StringParameter.valueFromLookup answer.
    for (const [index, host] of ['db.internal', 'TESTADDRESS', 'dummy-value-for-/db'].entries()) {
      expect(() =>
        cluster(stack, `A${index}`, { vpc, database: database(stack, `${id}${index}`, host) }),
      ).not.toThrow();
    }
    expect(() => cluster(stack, 'B', { vpc, database: database(stack, undefined, 'TESTADDRESS') })).not.toThrow();
    expect(() => cluster(stack, 'C', { vpc, database: database(stack) })).not.toThrow();
  }
});

test('what is idle takes no place', () => {
  const queueBesideCache = { queue: 0 };
  const oneDatabase = Redis.existing({ host: 'crm.serverless.euc1.cache.amazonaws.com' });
  const stack = stackOf(new App());
  cluster(stack, 'Queue', { redis: redis(stack, queueBesideCache) });
  cluster(stack, 'Pending', { plugins: ClusterPlugins.pending(), redis: oneDatabase });
  const used = stackOf(new App());
  expect(() => cluster(used, 'Queue', { redis: redis(used, queueBesideCache), queue: MessageQueue.redis() })).toThrow(
    '`redis` has its queue in Redis redis.internal:6379/0, where `redis` has its cache already',
  );
  expect(() => cluster(used, 'Licensed', { redis: oneDatabase })).toThrow(
    'A Redis with shards, MemoryDB and ElastiCache Serverless among them, has database 0 only. Give each function a Redis of its own, with Redis.perFunction',
  );
});

test('what was refused in one app may be in the next', () => {
  for (const app of [new App(), new App()]) {
    const stack = stackOf(app);
    expect(() => cluster(stack, 'A', { redis: redis(stack) })).not.toThrow();
  }
});
