import { Duration } from 'aws-cdk-lib';
import { MessageQueue, Redis } from '../../lib';
import { connectionUrls, environment, only, secrets, synthesize } from '../cluster-fixture';
import { newPlace } from '../part-fixture';

const { template } = synthesize({ queue: MessageQueue.redis() });

test('no broker is made, nor anything that belongs to one', () => {
  template.resourceCountIs('AWS::AmazonMQ::Broker', 0);
  const { stack, context } = newPlace();
  const before = stack.node.findAll().length;
  MessageQueue.redis().bind(stack, context);
  expect(stack.node.findAll()).toHaveLength(before);
  expect(JSON.stringify(template.toJSON())).not.toMatch(/amqps|RABBITMQ|QueueSecurityGroup/);
});

test('nodes queue in the Redis that they have', () => {
  expect(environment(template)).toMatchObject({ QUEUE_ADAPTER: 'redis' });
  expect(environment(template)).not.toHaveProperty('LAUNCHER_QUEUE_ENDPOINT');
  expect(Object.keys(secrets(template))).toContain('QUEUE_ADAPTER_REDIS_URL');
  expect(connectionUrls(template).QUEUE_ADAPTER_REDIS_URL).toMatch(
    new RegExp(`@<${only(template, 'AWS::ElastiCache::ReplicationGroup').id}\\.PrimaryEndPoint\\.Address>:.*/3$`),
  );
});

test('the plug-in that is asked for is that of Redis', () => {
  const { APPEND_PRESET_BUILT_IN_PLUGINS } = environment(template);
  expect(APPEND_PRESET_BUILT_IN_PLUGINS).toContain('@nocobase/plugin-queue-adapter-redis');
  expect(APPEND_PRESET_BUILT_IN_PLUGINS).not.toContain('rabbitmq');
});

test('the queue may have a Redis of its own', () => {
  const { template: own } = synthesize({
    queue: MessageQueue.redis(),
    redis: Redis.perFunction({ queue: Redis.valkey({ snapshotRetention: Duration.days(1) }) }),
  });
  expect(connectionUrls(own).QUEUE_ADAPTER_REDIS_URL).toContain('RedisForQueue');
  expect(connectionUrls(own).REDIS_URL).not.toContain('RedisForQueue');
});
