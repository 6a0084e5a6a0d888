// A cluster that people work with every day: a name of its own, every part twice or more, room for load, access logs.
// It survives the loss of an availability zone, and nothing that holds data can be deleted by mistake.
import { App, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { InstanceClass, InstanceSize, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import {
  ClusterPlugins,
  Database,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  NocoBaseImage,
  RabbitMqDeployment,
  Redis,
} from '../../lib'; // in a project of yours: from 'cdk-nocobase'

class Production extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);

    const hostedZone = HostedZone.fromHostedZoneAttributes(this, 'Zone', {
      hostedZoneId: 'Z0123456789ABCDEFGHIJ',
      zoneName: 'example.com',
    });
    const accessLogs = new Bucket(this, 'AccessLogs', {
      encryption: BucketEncryption.S3_MANAGED, // the load balancer can write with no other
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(90) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });

    new NocoBaseCluster(this, 'NocoBase', {
      // Pinned: another version is an upgrade, which is decided and not drifted into.
      image: NocoBaseImage.version('2.2.15'),
      plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(this, 'License', 'nocobase-license')),
      natGateways: 2,
      database: Database.postgres({
        instanceType: InstanceType.of(InstanceClass.M7G, InstanceSize.LARGE),
        multiAz: true,
        backupRetention: Duration.days(35),
      }),
      redis: Redis.valkey({ nodeType: 'cache.m7g.large' }),
      queue: MessageQueue.rabbitMq({
        instanceType: 'mq.m7g.large',
        deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ,
      }),
      entrance: Entrance.domain({
        hostedZone,
        domainName: 'nocobase.example.com',
        accessLogs,
        deletionProtection: true,
      }),
      web: { minNodes: 3, maxNodes: 8 },
      environment: { TZ: 'Europe/Berlin' },
      logRetention: RetentionDays.SIX_MONTHS,
    });
  }
}

export function build(app: App): Stack {
  return new Production(app, 'Production', {
    // Access logs need to know the region: AWS writes them with an account that differs by region.
    env: { region: 'eu-central-1' },
    terminationProtection: true,
  });
}

build(new App());
