// The cache in a Redis that the company has for caches, and everything else in one of NocoBase's own: a cache that is
// emptied, or full, then takes no locks and no worker ids with it.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Entrance, NocoBaseCluster, Redis, StoredSecret } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack[] {
  const platform = new Stack(app, 'RedisPlatform');
  const vpc = new ec2.Vpc(platform, 'Vpc', { maxAzs: 2 });
  const clients = new ec2.SecurityGroup(platform, 'Caches', { vpc, description: 'The caches of the company' });

  const stack = new Stack(app, 'RedisPerFunction');
  const password = StoredSecret.inSecretsManager(Secret.fromSecretNameV2(stack, 'Token', 'caches'), 'token');
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    redis: Redis.perFunction({
      cache: Redis.existing({
        host: 'master.caches.abc123.euc1.cache.amazonaws.com',
        password,
        databases: { cache: 7 },
        securityGroups: [clients],
      }),
      others: Redis.valkey({ nodeType: 'cache.t4g.small' }),
    }),
    entrance: Entrance.cloudFront(),
  });
  return [platform, stack];
}

build(new App());
