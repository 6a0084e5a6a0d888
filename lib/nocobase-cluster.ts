import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  checkedEmail,
  checkedPublicPath,
  checkedUpgradeTimeout,
  checkStrategies,
  DEFAULT_ROOT_EMAIL,
} from './cluster-checks';
import { Database, type DatabaseBinding } from './database/database';
import { Entrance, type EntranceBinding } from './entrance/entrance';
import { NocoBaseImage } from './image/nocobase-image';
import { ApplicationKeys, type ApplicationKeysBinding } from './keys/application-keys';
import { acknowledgeLogGroup } from './log-group-rules';
import { Network } from './network/network';
import type { NocoBaseClusterProps } from './nocobase-cluster-props';
import type { NodeContribution, PartBinding } from './node/contribution';
import { fargateSize } from './node/fargate-size';
import { launcherSettings } from './node/launcher-settings';
import { type NamedContribution, NodeConfiguration } from './node/node-configuration';
import { type INodeFleet, NodeFleet } from './node/node-fleet';
import { webFleetSize } from './node/web-fleet-size';
import { deploymentPercentages } from './node/worker-id-budget';
import type { ClusterPluginsBinding } from './plugins/cluster-plugins';
import { nextStep } from './plugins/next-step';
import { Preflight, PreflightRule } from './preflight/preflight';
import { MessageQueue, type MessageQueueBinding } from './queue/message-queue';
import { Redis, type RedisBinding } from './redis/redis';
import { SharedStorage, type SharedStorageBinding } from './storage/shared-storage';

/**
 * A NocoBase cluster as NocoBase's own cluster guide demands it: nodes on ECS
 * behind a load balancer with an application-level health check, one
 * PostgreSQL, Redis, RabbitMQ, shared storage, and keys from Secrets Manager.
 *
 * ```ts
 * new NocoBaseCluster(this, 'NocoBase', { plugins: ClusterPlugins.licensed(licenseKey) });
 * ```
 *
 * Renaming or moving the construct replaces what holds data. Keys, file system
 * and a snapshot of the database stay behind when the stack is deleted.
 */
export class NocoBaseCluster extends Construct implements ec2.IConnectable {
  /** The network. */
  public readonly vpc: ec2.IVpc;

  /** The ECS cluster in which the nodes run. */
  public readonly ecsCluster: ecs.ICluster;

  /** The keys. */
  public readonly keys: ApplicationKeysBinding;

  /** The database. */
  public readonly database: DatabaseBinding;

  /** The Redis. */
  public readonly redis: RedisBinding;

  /** The message queue. */
  public readonly queue: MessageQueueBinding;

  /** The shared storage. */
  public readonly storage: SharedStorageBinding;

  /** The nodes that serve requests. */
  public readonly web: INodeFleet;

  /** The way in. */
  public readonly entrance: EntranceBinding;

  /** Where users find NocoBase. */
  public readonly url: string;

  /** The network side of the nodes. */
  public readonly connections: ec2.Connections;

  /** The logs of the nodes. */
  public readonly logGroup: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: NocoBaseClusterProps) {
    super(scope, id);
    checkStrategies(this, props);
    const publicPath = checkedPublicPath(this, props.publicPath ?? '/');
    const upgradeTimeout = checkedUpgradeTimeout(this, props.upgradeTimeout ?? Duration.hours(2));
    const rootEmail = checkedEmail(this, props.rootEmail ?? DEFAULT_ROOT_EMAIL);
    const image = (props.image ?? NocoBaseImage.version(NocoBaseImage.TESTED_VERSION)).bind(this);

    const network = new Network(this, 'Network', props);
    this.vpc = network.vpc;
    this.keys = (props.keys ?? ApplicationKeys.generated()).bind(this);

    // What holds data lives under one construct, so that it can be made to wait for the preflight check.
    const data = new Construct(this, 'Data');
    const context = { vpc: this.vpc, dataSubnets: network.dataSubnets };
    this.database = (props.database ?? Database.postgres()).bind(data, context);
    this.redis = (props.redis ?? Redis.valkey()).bind(data, context);
    this.queue = (props.queue ?? MessageQueue.rabbitMq()).bind(data, context);
    this.storage = (props.storage ?? SharedStorage.efs()).bind(data, context);
    const parts: { [prop: string]: PartBinding } = {
      database: this.database,
      redis: this.redis,
      queue: this.queue,
      storage: this.storage,
    };
    const adapterPlugins = Object.values(parts).flatMap((part) => part.adapterPlugins ?? []);
    const plugins = props.plugins.bind({ adapterPlugins });
    const size = webFleetSize(this, props.web, plugins.clustered);
    const deployment = plugins.clustered
      ? deploymentPercentages(this, size)
      : { minimumHealthyPercent: 0, maximumPercent: 100 };

    const configuration = new NodeConfiguration(this, 'Configuration', {
      contributions: [
        ...partContributions(parts, plugins.clustered),
        { prop: 'plugins', contribution: plugins.contribution },
        { prop: 'keys', contribution: keyContribution(this.keys) },
        { prop: 'rootEmail', contribution: { environment: { INIT_ROOT_EMAIL: rootEmail } } },
        { prop: 'publicPath', contribution: { environment: { APP_PUBLIC_PATH: publicPath } } },
        {
          prop: 'web',
          contribution: {
            environment: launcherSettings({
              clustered: plugins.clustered,
              generation: [image.reference, plugins.kind, ...(plugins.clustered ? adapterPlugins : [])].join(' '),
              processes: size.processes,
              upgradeTimeout,
            }),
          },
        },
      ],
      // Files would only fill the shared storage.
      defaults: { LOGGER_TRANSPORT: 'console', TZ: 'UTC' },
      userEnvironment: props.environment ?? {},
      userSecrets: props.secrets ?? {},
    });
    const preflight = this.preflight(plugins, () => web.definition());
    data.node.addDependency(preflight);

    const securityGroup = new ec2.SecurityGroup(this, 'NodeSecurityGroup', {
      vpc: this.vpc,
      description: 'Nodes of a NocoBase cluster',
    });
    for (const part of Object.values(parts)) {
      part.connections?.allowDefaultPortFrom(securityGroup, 'Nodes');
    }
    this.ecsCluster = new ecs.Cluster(this, 'Ecs', {
      vpc: this.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      // The logs of a first deployment that failed are what explains it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledgeLogGroup(this.logGroup);
    const web = new NodeFleet(this, 'Web', {
      cluster: this.ecsCluster,
      subnets: network.nodeSubnets,
      securityGroup,
      image: image.containerImage,
      configuration,
      volume: this.storage.volume,
      policies: Object.values(parts).flatMap((part) => part.nodePolicies ?? []),
      cpuArchitecture: props.cpuArchitecture ?? ecs.CpuArchitecture.ARM64,
      fargateSize: fargateSize(this, 'web', props.web),
      size,
      deployment,
      upgradeTimeout,
      startAfter: [data, preflight],
      logGroup: this.logGroup,
      enableExecuteCommand: props.enableExecuteCommand ?? false,
    });
    this.web = web;
    this.connections = web.connections;

    this.entrance = (props.entrance ?? Entrance.http()).bind(this, {
      vpc: this.vpc,
      publicPath,
      target: this.web.service,
    });
    if (this.entrance.forwardedProto !== undefined) {
      web.container.addEnvironment('LAUNCHER_FORWARDED_PROTO', this.entrance.forwardedProto);
    }
    // A service is the first to go: its nodes are reached until the last of them has drained.
    web.service.node.defaultChild!.node.addDependency(
      securityGroup,
      ...(this.entrance.loadBalancer?.connections.securityGroups ?? []),
    );
    this.url = this.entrance.url;
    this.output(rootEmail, plugins);
  }

  private preflight(plugins: ClusterPluginsBinding, nodes: () => unknown): Preflight {
    const { appKey, aesSecretKey, rootPassword } = this.keys;
    return new Preflight(this, 'Preflight', {
      checks: [
        { variable: 'APP_KEY', rule: PreflightRule.NOT_BLANK, secret: appKey, prop: 'keys' },
        { variable: 'APP_AES_SECRET_KEY', rule: PreflightRule.AES_256_HEX, secret: aesSecretKey, prop: 'keys' },
        { variable: 'INIT_ROOT_PASSWORD', rule: PreflightRule.ROOT_PASSWORD, secret: rootPassword, prop: 'keys' },
        ...(plugins.licenseKey
          ? [{ variable: 'licence key', rule: PreflightRule.NOT_BLANK, secret: plugins.licenseKey, prop: 'plugins' }]
          : []),
      ],
      // Nodes that start, start with these keys.
      fingerprint: nodes,
    });
  }

  private output(rootEmail: string, plugins: ClusterPluginsBinding) {
    new CfnOutput(this, 'Url', { value: this.url, description: 'Where users find NocoBase' });
    new CfnOutput(this, 'RootPasswordSecret', {
      value: this.keys.rootPassword.secretName,
      description: `Secret with the first password of ${rootEmail}`,
    });
    if (plugins.licenseKey) {
      new CfnOutput(this, 'LicenseSecret', {
        value: plugins.licenseKey.secretName,
        description: 'Secret with the licence key',
      });
    }
    new CfnOutput(this, 'LogGroup', { value: this.logGroup.logGroupName, description: 'Logs of the nodes' });
    new CfnOutput(this, 'ClusterName', { value: this.ecsCluster.clusterName, description: 'ECS cluster' });
    new CfnOutput(this, 'ServiceName', {
      value: this.web.service.serviceName,
      description: 'ECS service of the nodes',
    });
    if (!plugins.clustered) {
      new CfnOutput(this, 'NextStep', {
        value: nextStep({ url: this.url, rootEmail, rootPasswordSecret: this.keys.rootPassword.secretName }),
        description: 'How to get from one node to a cluster',
      });
    }
  }
}

function partContributions(parts: { [prop: string]: PartBinding }, clustered: boolean): NamedContribution[] {
  return Object.entries(parts).flatMap(([prop, part]) => [
    { prop, contribution: part.contribution },
    ...(clustered && part.adapterContribution ? [{ prop, contribution: part.adapterContribution }] : []),
  ]);
}

function keyContribution(keys: ApplicationKeysBinding): NodeContribution {
  return {
    secrets: {
      APP_KEY: ecs.Secret.fromSecretsManager(keys.appKey),
      APP_AES_SECRET_KEY: ecs.Secret.fromSecretsManager(keys.aesSecretKey),
      INIT_ROOT_PASSWORD: ecs.Secret.fromSecretsManager(keys.rootPassword),
    },
  };
}
