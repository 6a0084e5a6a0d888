import { readFileSync } from 'node:fs';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  MessageQueue,
  NocoBaseCluster,
  RabbitMqDeployment,
  Redis,
} from '../lib';
import { nextStep } from '../lib/plugins/next-step';
import type { Configuration } from './configuration';
import { entranceOf } from './entrance';
import { imageOf } from './image';

/** The stack that the configuration describes: one cluster. */
export class NocoBaseStack extends Stack {
  public readonly cluster: NocoBaseCluster;

  constructor(scope: Construct, configuration: Configuration) {
    const { destination, vpcId } = configuration;
    super(scope, configuration.stackName, {
      description: 'A NocoBase cluster',
      env: {
        region: destination.region,
        // Only a lookup needs it. With account and region CDK would also look up the availability zones and keep them
        // in cdk.context.json, so that the same configuration gave another template on another laptop.
        account: vpcId === undefined ? undefined : destination.account,
      },
      tags: configuration.tags,
      terminationProtection: configuration.terminationProtection,
    });
    const { database, redis, queue, web } = configuration;
    this.cluster = new NocoBaseCluster(this, 'Cluster', {
      plugins: this.plugins(configuration),
      image: imageOf(this, configuration),
      vpc: vpcId === undefined ? undefined : ec2.Vpc.fromLookup(this, 'Vpc', { vpcId }),
      natGateways: configuration.natGateways,
      keys:
        configuration.keys === undefined
          ? undefined
          : ApplicationKeys.fromSecret(secretsmanager.Secret.fromSecretNameV2(this, 'Keys', configuration.keys)),
      database: Database.postgres({
        instanceType:
          database.instanceType === undefined
            ? undefined
            : new ec2.InstanceType(database.instanceType.replace(/^db\./, '')),
        multiAz: database.multiAz,
        backupRetention: duration(database.backupRetentionDays, Duration.days),
        snapshotBeforeUpgrade: database.snapshotBeforeUpgrade,
        deletionProtection: database.deletionProtection,
        caCertificate: database.caCertificateFile && readFileSync(database.caCertificateFile, 'utf8'),
      }),
      redis: Redis.valkey({ nodeType: redis.nodeType }),
      queue: MessageQueue.rabbitMq({
        instanceType: queue.instanceType,
        deployment: queue.deployment && RabbitMqDeployment[queue.deployment],
      }),
      entrance: entranceOf(this, configuration.entrance),
      // While the licence is pending there is one node. How many there will be may stand in the configuration already,
      // so that nothing but the licence has to be changed afterwards.
      web: configuration.plugins === 'pending' ? { ...web, minNodes: undefined, maxNodes: undefined } : web,
      cpuArchitecture:
        configuration.cpuArchitecture === 'x86_64' ? ecs.CpuArchitecture.X86_64 : ecs.CpuArchitecture.ARM64,
      rootEmail: configuration.rootEmail,
      environment: { ...configuration.environment, ...(configuration.timeZone && { TZ: configuration.timeZone }) },
      logRetention: configuration.logRetentionDays,
      upgradeTimeout: duration(configuration.upgradeTimeoutMinutes, Duration.minutes),
      upgradeTries: configuration.upgradeTries,
      allowOnMigratedDatabase: configuration.allowOnMigratedDatabase,
      allowChangedKeys: configuration.allowChangedKeys,
      maintenanceAlarmAfter: duration(configuration.maintenanceAlarmHours, Duration.hours),
      enableExecuteCommand: configuration.enableExecuteCommand,
    });
    this.nameOutputs();
    if (configuration.plugins === 'pending') {
      this.sayHowToGoOn(configuration);
    }
  }

  private plugins({ plugins, licenseSecret }: Configuration): ClusterPlugins {
    switch (plugins) {
      case 'pending':
        return ClusterPlugins.pending();
      case 'preinstalled':
        return ClusterPlugins.preinstalled();
      case 'licensed':
        return ClusterPlugins.licensed(secretsmanager.Secret.fromSecretNameV2(this, 'License', licenseSecret));
    }
  }

  /** The stack has one cluster, so its outputs can have the plain names that the documentation uses. */
  private nameOutputs() {
    for (const child of this.cluster.node.children) {
      if (child instanceof CfnOutput) {
        child.overrideLogicalId(child.node.id);
      }
    }
  }

  /** In terms of the app: whoever deploys it has a word in cdk.json to change, and no code. */
  private sayHowToGoOn({ licenseSecret, rootEmail }: Configuration) {
    const { url, keys } = this.cluster;
    const output = this.cluster.node.findChild('NextStep') as CfnOutput;
    output.value = nextStep({
      url,
      rootEmail,
      rootPasswordSecret: keys.rootPassword.storeName,
      secretOptions: `--region ${this.region} --name ${licenseSecret}`,
      deploy: `Deploy with "license": "${licenseSecret}" in cdk.json, and without -c license=pending: npx cdk deploy`,
    });
  }
}

function duration(amount: number | undefined, of: (amount: number) => Duration): Duration | undefined {
  return amount === undefined ? undefined : of(amount);
}
