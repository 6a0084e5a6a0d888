import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import * as efs from 'aws-cdk-lib/aws-efs';
import { CfnReplicationGroup } from 'aws-cdk-lib/aws-elasticache';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  DatabaseCa,
  MessageQueue,
  NocoBaseCluster,
  NocoBaseImage,
  Redis,
  SharedStorage,
} from '../lib';
import { synthesize } from './cluster-fixture';
import { named, newPlace, stored, told } from './part-fixture';

/** As of a class with getters: nothing is the object's own. */
function inherited<T extends object>(options: T): T {
  return Object.create(options);
}

const place = () => newPlace({ env: { region: 'eu-central-1' } });

describe('options that an object has by its class are taken', () => {
  test('by a database', () => {
    const { stack, context } = place();
    const server = inherited({ host: 'db.internal', ca: DatabaseCa.rds(), secret: named(stack, 'db'), schema: 'crm' });
    const { contribution } = Database.existing(server).bind(stack, context);
    expect(told(stack, contribution)).toMatchObject({ DB_HOST: 'db.internal', DB_SCHEMA: 'crm' });
  });

  test('by a Redis, and by one for each function', () => {
    const { stack, context } = place();
    const one = Redis.existing(inherited({ host: 'one.internal', password: stored(stack, 'one') }));
    const other = Redis.existing(inherited({ host: 'other.internal', password: stored(stack, 'other') }));
    const { contribution, adapterContribution } = Redis.perFunction(inherited({ cache: one, others: other })).bind(
      stack,
      context,
    );
    const urls = told(stack, contribution, adapterContribution);
    expect(urls.CACHE_REDIS_URL).toContain('@one.internal:6379/0');
    expect(urls.LOCK_ADAPTER_REDIS_URL).toContain('@other.internal:6379/2');
  });

  test('by a RabbitMQ', () => {
    const { stack, context } = place();
    const options = inherited({ endpoint: 'amqps://mq.internal', secret: named(stack, 'mq') });
    const { adapterContribution } = MessageQueue.existingRabbitMq(options).bind(stack, context);
    expect(told(stack, adapterContribution).QUEUE_ADAPTER_RABBITMQ_URL).toContain('@mq.internal:5671');
  });

  test('by what is made', () => {
    const { template } = synthesize({
      database: Database.postgres(inherited({ multiAz: true })),
      redis: Redis.valkey(inherited({ replicas: 2 })),
      queue: MessageQueue.rabbitMq(inherited({ instanceType: 'mq.m7g.large' })),
      storage: SharedStorage.efs(inherited({ lifecyclePolicy: efs.LifecyclePolicy.AFTER_90_DAYS })),
    });
    template.hasResourceProperties('AWS::RDS::DBInstance', { MultiAZ: true });
    template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', { NumCacheClusters: 3 });
    template.hasResourceProperties('AWS::AmazonMQ::Broker', { HostInstanceType: 'mq.m7g.large' });
    template.hasResourceProperties('AWS::EFS::FileSystem', {
      LifecyclePolicies: Match.arrayWith([{ TransitionToIA: 'AFTER_90_DAYS' }]),
    });
  });

  test('by a cluster', () => {
    const stack = new Stack(new App(), 'Prod');
    const props = {
      plugins: ClusterPlugins.preinstalled(),
      image: NocoBaseImage.fromEcr(new Repository(stack, 'Images'), '1'),
    };
    new NocoBaseCluster(stack, 'NocoBase', inherited({ ...props, natGateways: 0 }));
    Template.fromStack(stack).resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('by a storage', () => {
    const { stack, context } = place();
    const securityGroup = SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1');
    const attributes = { fileSystemId: 'fs-1', securityGroup };
    const fileSystem = efs.FileSystem.fromFileSystemAttributes(stack, 'Files', attributes);
    const { volume } = SharedStorage.existing(inherited({ fileSystem, path: '/crm' })).bind(stack, context);
    expect(volume.fileSystemId).toBe('fs-1');
  });

  test('by keys', () => {
    const { stack } = place();
    const keys = { appKey: stored(stack, 'app'), aesSecretKey: stored(stack, 'aes') };
    expect(ApplicationKeys.existing(inherited(keys)).bind(stack, {})).toMatchObject(keys);
  });
});

test('no options at all are refused by what is missing', () => {
  const nothing = undefined as any;
  const { stack, context } = place();
  const group = new CfnReplicationGroup(stack, 'Group', { replicationGroupDescription: 'Redis', engine: 'valkey' });
  expect(() => Redis.existing(nothing).bind(stack, context)).toThrow('[Prod/Redis]: `redis.host` is missing');
  expect(() => MessageQueue.existingRabbitMq(nothing).bind(stack, context)).toThrow('`queue.endpoint` is missing');
  expect(() => SharedStorage.existing(nothing).bind(stack, context)).toThrow('`storage.fileSystem` is missing');
  expect(() => ApplicationKeys.existing(nothing).bind(stack, {})).toThrow('`keys.appKey` is missing');
  expect(() => Redis.fromReplicationGroup(group, null as any).bind(place().stack, context)).not.toThrow(TypeError);
});
