// The message queue in Redis: no broker, which is the most expensive part of a small cluster. What is queued lives as
// long as that Redis, so it keeps snapshots.
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Entrance, MessageQueue, NocoBaseCluster, Redis } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack {
  const stack = new Stack(app, 'RedisQueue');
  new NocoBaseCluster(stack, 'NocoBase', {
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    redis: Redis.valkey({ snapshotRetention: Duration.days(7) }),
    queue: MessageQueue.redis(),
    // Beyond two nodes that stay, capacity that AWS may take back, for a third of the price.
    capacityProviderStrategies: [
      { capacityProvider: 'FARGATE', base: 2, weight: 0 },
      { capacityProvider: 'FARGATE_SPOT', weight: 1 },
    ],
    entrance: Entrance.cloudFront(),
  });
  return stack;
}

build(new App());
