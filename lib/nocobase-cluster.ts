import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allOptions } from './all-options';
import {
  checkCombinations,
  checkedAllowance,
  checkedEmail,
  checkedPublicPath,
  checkedUpgradeTimeout,
  checkedUpgradeTries,
  checkedVpc,
  checkStrategies,
  DEFAULT_ROOT_EMAIL,
} from './cluster-checks';
import { addOutputs } from './cluster-outputs';
import { ClusterParts, letIn } from './cluster-parts';
import type { DatabaseBinding } from './database/database';
import { Entrance, type EntranceBinding } from './entrance/entrance';
import { imageWayOut } from './image/image-way-out';
import { NocoBaseImage } from './image/nocobase-image';
import { ApplicationKeys, type ApplicationKeysBinding } from './keys/application-keys';
import { acknowledgeLogGroup } from './log-group-rules';
import { mountableSubnets } from './network/mount-zones';
import { Network } from './network/network';
import { checkWayOut } from './network/way-out';
import type { NocoBaseClusterProps } from './nocobase-cluster-props';
import { launcherSettings } from './node/launcher-settings';
import { nodeCapacity } from './node/node-capacity';
import { NodeConfiguration } from './node/node-configuration';
import { type INodeFleet, NodeFleet } from './node/node-fleet';
import { nodeSize } from './node/node-size';
import { webFleetSize } from './node/web-fleet-size';
import { deploymentPercentages } from './node/worker-id-budget';
import { maintenanceRuleName } from './operations/maintenance-flag';
import { type IOperations, Operations } from './operations/operations';
import { SnapshotBeforeUpgrade } from './operations/snapshot-before-upgrade';
import type { ClusterPluginsBinding } from './plugins/cluster-plugins';
import { pluginsWayOut } from './plugins/plugins-way-out';
import { Preflight, type PreflightCheck, PreflightRule } from './preflight/preflight';
import { propertiesOf } from './preflight/properties';
import type { MessageQueueBinding } from './queue/message-queue';
import type { RedisBinding } from './redis/redis';
import type { SharedStorageBinding } from './storage/shared-storage';

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
export class NocoBaseCluster extends Construct implements ec2.IConnectable, iam.IGrantable {
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

  /** What the guide does by hand. */
  public readonly operations: IOperations;

  /** The network side of the nodes. */
  public readonly connections: ec2.Connections;

  /** The role of the nodes: what it is granted, NocoBase may do. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** The logs of the nodes. */
  public readonly logGroup: logs.ILogGroup;

  constructor(scope: Construct, id: string, props: NocoBaseClusterProps) {
    super(scope, id);
    checkStrategies(this, props);
    const publicPath = checkedPublicPath(this, props.publicPath ?? '/');
    const upgradeTries = checkedUpgradeTries(this, props.upgradeTries ?? 2);
    const upgradeTimeout = checkedUpgradeTimeout(this, props.upgradeTimeout ?? Duration.hours(2));
    const rootEmail = checkedEmail(this, props.rootEmail ?? DEFAULT_ROOT_EMAIL);
    const capacity = nodeCapacity(this, props.capacityProviderStrategies);
    checkCombinations(this, props, capacity);
    const { encryptionKey, cpuArchitecture = ecs.CpuArchitecture.ARM64 } = props;
    const image = (props.image ?? NocoBaseImage.version(NocoBaseImage.TESTED_VERSION)).bind(this, { cpuArchitecture });

    const network = new Network(this, 'Network', { ...allOptions(props), ...checkedVpc(this, props) });
    this.vpc = network.vpc;
    this.keys = (props.keys ?? ApplicationKeys.generated()).bind(this, { encryptionKey });

    // What holds data lives under one construct, so that it can be made to wait for the preflight check.
    const data = new Construct(this, 'Data');
    const parts = new ClusterParts(this, data, props, {
      vpc: this.vpc,
      dataSubnets: network.dataSubnets,
      encryptionKey,
    });
    this.database = parts.database;
    this.redis = parts.redis;
    this.queue = parts.queue;
    this.storage = parts.storage;
    const { adapterPlugins } = parts;
    const plugins = props.plugins.bind(this, { adapterPlugins });
    const { clustered } = plugins;
    parts.claimPlaces(this, this.vpc, clustered);
    checkWayOut(this, network, [...imageWayOut(image), ...pluginsWayOut(plugins)]);
    const size = webFleetSize(this, props.web, clustered);
    const deployment = clustered
      ? deploymentPercentages(this, size)
      : { minimumHealthyPercent: 0, maximumPercent: 100 };

    const generation = [image.reference, plugins.kind, ...(clustered ? adapterPlugins : [])].join(' ');
    const configuration = new NodeConfiguration(this, 'Configuration', {
      contributions: [
        ...parts.contributions(clustered),
        { prop: 'plugins', contribution: plugins.contribution },
        { prop: 'keys', contribution: { secrets: keySecrets(this.keys) } },
        { prop: 'rootEmail', contribution: { environment: { INIT_ROOT_EMAIL: rootEmail } } },
        { prop: 'publicPath', contribution: { environment: { APP_PUBLIC_PATH: publicPath } } },
        {
          prop: 'web',
          contribution: {
            environment: launcherSettings({
              clustered,
              image: image.reference,
              upgradeTries,
              allowOnMigratedDatabase: checkedAllowance(this, props.allowOnMigratedDatabase, image.reference),
              allowChangedKeys: props.allowChangedKeys ?? false,
              generation,
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
      encryptionKey,
    });
    const maintenanceRule = maintenanceRuleName(this);
    const preflight: Preflight = new Preflight(this, 'Preflight', {
      checks: [...keyChecks(this.keys), ...licenseCheck(plugins), ...parts.checks],
      // Nodes that start, start with these keys, and maintenance is not to be ended by a deployment. What a node is made of
      // is in the id of the task definition, which the service names.
      fingerprint: () => operations.maintenance.changes.map(propertiesOf),
      maintenanceRule,
    });
    data.node.addDependency(preflight);

    const securityGroup = new ec2.SecurityGroup(this, 'NodeSecurityGroup', {
      vpc: this.vpc,
      description: 'Nodes of a NocoBase cluster',
    });
    const rules = parts.admit(securityGroup);
    if (configuration.usesParameterStore) network.reachParameterStore();
    if (network.endpoints) rules.push(...letIn(securityGroup, network.endpoints.connections, 'vpc'));
    this.ecsCluster =
      props.ecsCluster ??
      new ecs.Cluster(this, 'Ecs', {
        vpc: this.vpc,
        containerInsightsV2: ecs.ContainerInsights.ENABLED,
        enableFargateCapacityProviders: capacity.strategies !== undefined,
      });
    this.logGroup = props.logGroup ?? this.makeLogGroup(props.logRetention);
    const { instance, snapshotBeforeUpgrade } = this.database;
    const snapshots =
      instance && snapshotBeforeUpgrade
        ? [
            new SnapshotBeforeUpgrade(this, 'SnapshotBeforeUpgrade', {
              instance,
              generation,
              startAfter: [preflight],
              service: () => web.service,
            }),
          ]
        : [];
    const web: NodeFleet = new NodeFleet(this, 'Web', {
      cluster: this.ecsCluster,
      subnets: mountableSubnets(this, network, this.storage.fileSystem),
      securityGroup,
      image: image.containerImage,
      configuration,
      volume: this.storage.volume,
      policies: parts.nodePolicies,
      cpuArchitecture,
      capacity,
      nodeSize: nodeSize(this, 'web', capacity.onEc2, props.web),
      size,
      deployment,
      upgradeTimeout,
      upgradeTries,
      begins: true,
      startAfter: [data, preflight, ...snapshots, ...parts.startAfter, ...network.startAfter, ...rules],
      logGroup: this.logGroup,
      enableExecuteCommand: props.enableExecuteCommand ?? false,
    });
    this.web = web;
    this.connections = web.connections;
    this.grantPrincipal = web.grantPrincipal;

    this.entrance = (props.entrance ?? Entrance.http()).bind(this, {
      vpc: this.vpc,
      subnets: network.entranceSubnets,
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
    const operations: Operations = new Operations(this, 'Operations', {
      fleets: [{ fleet: web, nodesInMaintenance: 1 }],
      targetGroup: this.entrance.targetGroup,
      maintenanceRuleName: maintenanceRule,
      maintenanceAlarmAfter: props.maintenanceAlarmAfter ?? Duration.hours(4),
      logGroup: this.logGroup,
      preflight,
    });
    this.operations = operations;
    addOutputs(this, rootEmail, plugins);
  }

  private makeLogGroup(retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH): logs.ILogGroup {
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention,
      // The logs of a first deployment that failed are what explains it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledgeLogGroup(logGroup);
    return logGroup;
  }
}

function keySecrets({ appKey, aesSecretKey, rootPassword }: ApplicationKeysBinding): { [name: string]: ecs.Secret } {
  return { APP_KEY: appKey, APP_AES_SECRET_KEY: aesSecretKey, INIT_ROOT_PASSWORD: rootPassword };
}

function keyChecks({ appKey, aesSecretKey, rootPassword }: ApplicationKeysBinding): PreflightCheck[] {
  return [
    { variable: 'APP_KEY', rule: PreflightRule.NOT_BLANK, secret: appKey, prop: 'keys' },
    { variable: 'APP_AES_SECRET_KEY', rule: PreflightRule.AES_256_HEX, secret: aesSecretKey, prop: 'keys' },
    { variable: 'INIT_ROOT_PASSWORD', rule: PreflightRule.ROOT_PASSWORD, secret: rootPassword, prop: 'keys' },
  ];
}

function licenseCheck({ licenseKey }: ClusterPluginsBinding): PreflightCheck[] {
  return licenseKey
    ? [{ variable: 'licence key', rule: PreflightRule.NOT_BLANK, secret: licenseKey, prop: 'plugins' }]
    : [];
}
