// NocoBase beside what a company already runs: in its network, on its alarm topic, with a job of its own on the data.
// Three stacks, because each is deployed by itself: the platform, NocoBase, and the job that reads from it.
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ClusterPlugins, Entrance, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before: a network and where the people on duty get their alarms. */
class Platform extends Stack {
  readonly vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
  readonly alarms = new Topic(this, 'Alarms', { enforceSSL: true });
}

class Collaboration extends Stack {
  readonly cluster: NocoBaseCluster;

  constructor(scope: Construct, id: string, { vpc, alarms }: Platform) {
    super(scope, id);
    this.cluster = new NocoBaseCluster(this, 'NocoBase', {
      vpc,
      plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(this, 'License', 'nocobase-license')),
      entrance: Entrance.cloudFront(),
    });

    // Everything the cluster makes can be reached, for rules that only this company has.
    this.cluster.entrance.targetGroup.metrics
      .healthyHostCount({ period: Duration.minutes(1), statistic: 'Minimum' })
      .createAlarm(this, 'NoSpareNode', {
        alarmDescription: `Fewer than two healthy nodes behind ${this.cluster.url}`,
        comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold: 2,
        evaluationPeriods: 10,
      })
      .addAlarmAction(new SnsAction(alarms));
  }
}

/** A job that reads NocoBase's database and links back to it. */
class Reports extends Stack {
  constructor(scope: Construct, id: string, { vpc }: Platform, { cluster }: Collaboration) {
    super(scope, id);
    const { instance, secret } = cluster.database;
    const report = new lambda.Function(this, 'Report', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}; // yours'),
      vpc,
      allowAllOutbound: false,
      environment: {
        NOCOBASE_URL: cluster.url,
        DATABASE_HOST: instance!.dbInstanceEndpointAddress,
        DATABASE_SECRET: secret!.secretArn,
      },
    });
    // From the side of the job, so that the rule belongs to this stack: NocoBase knows nothing about its readers.
    report.connections.allowToDefaultPort(instance!);
    report.connections.allowToAnyIpv4(ec2.Port.HTTPS, 'Secrets Manager, and NocoBase by its URL');
    secret!.grantRead(report);
  }
}

export function build(app: App): Stack[] {
  const platform = new Platform(app, 'Platform');
  const collaboration = new Collaboration(app, 'Collaboration', platform);
  return [platform, collaboration, new Reports(app, 'Reports', platform, collaboration)];
}

build(new App());
