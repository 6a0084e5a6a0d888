// Three stacks with lives of their own: the network, the data, which outlives every cluster, and the nodes, which can be
// deleted and deployed again beside data that stays.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  ClusterPlugins,
  EfsStorage,
  Entrance,
  GeneratedKeys,
  NocoBaseCluster,
  PostgresDatabase,
  RabbitMqBroker,
  ValkeyCache,
} from '../../lib'; // in a project of yours: from 'cdk-nocobase'

class Network extends Stack {
  readonly vpc = new ec2.Vpc(this, 'Vpc', {
    maxAzs: 2,
    subnetConfiguration: [
      { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
      { name: 'Nodes', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
      { name: 'Data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    ],
  });
}

class Data extends Stack {
  readonly database: PostgresDatabase;
  readonly redis: ValkeyCache;
  readonly queue: RabbitMqBroker;
  readonly storage: EfsStorage;
  readonly keys: GeneratedKeys;

  constructor(scope: Construct, id: string, { vpc }: Network) {
    super(scope, id, { terminationProtection: true });
    const where = { vpc, vpcSubnets: { subnetGroupName: 'Data' } };
    this.database = new PostgresDatabase(this, 'Database', { ...where, multiAz: true });
    this.redis = new ValkeyCache(this, 'Redis', where);
    this.queue = new RabbitMqBroker(this, 'Queue', where);
    this.storage = new EfsStorage(this, 'Storage', where);
    this.keys = new GeneratedKeys(this, 'Keys');
  }
}

export function build(app: App): Stack[] {
  const network = new Network(app, 'SplitNetwork');
  const data = new Data(app, 'SplitData', network);
  const nodes = new Stack(app, 'SplitNodes');
  const { database, redis, queue, storage, keys } = data;
  new NocoBaseCluster(nodes, 'NocoBase', {
    vpc: network.vpc,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(nodes, 'License', 'nocobase-license')),
    database,
    redis,
    queue,
    storage,
    keys,
    entrance: Entrance.cloudFront(),
  });
  return [network, data, nodes];
}

build(new App());
