// The database of NocoBase on an Aurora cluster that serves other applications too, in a schema of its own.
// The owner of Aurora makes user and schema; NocoBase gets a Secret, and is let in.
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { ClusterPlugins, Database, Entrance, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before. */
class Shared extends Stack {
  readonly vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2 });
  readonly aurora: rds.DatabaseCluster;

  constructor(scope: Construct, id: string) {
    super(scope, id, { env: { region: 'eu-central-1' } });
    this.aurora = new rds.DatabaseCluster(this, 'Aurora', {
      engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_17_4 }),
      vpc: this.vpc,
      defaultDatabaseName: 'shared',
      writer: rds.ClusterInstance.provisioned('Writer', { instanceType: new ec2.InstanceType('r7g.large') }),
      readers: [rds.ClusterInstance.provisioned('Reader', { instanceType: new ec2.InstanceType('r7g.large') })],
      storageEncrypted: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

export function build(app: App): Stack[] {
  const shared = new Shared(app, 'AuroraShared');
  const stack = new Stack(app, 'Aurora', { env: { region: 'eu-central-1' } });
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc: shared.vpc,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    database: Database.fromCluster(shared.aurora, {
      secret: Secret.fromSecretNameV2(stack, 'User', 'aurora-nocobase'), // fields: username, password
      databaseName: 'shared',
      schema: 'nocobase',
    }),
    entrance: Entrance.cloudFront(),
  });
  return [shared, stack];
}

build(new App());
