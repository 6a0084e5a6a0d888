// What a company asks of everything that runs in its accounts: its KMS key, its permissions boundary, its log group, its
// tags, images by its own cache, and a collector beside every application.
import { App, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { ClusterPlugins, Entrance, NocoBaseCluster, NocoBaseImage, StoredSecret } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

/** What was there before. */
class Rules extends Stack {
  readonly key = new kms.Key(this, 'Key', { enableKeyRotation: true });
  readonly boundary = new iam.ManagedPolicy(this, 'Boundary', {
    statements: [
      new iam.PolicyStatement({ actions: ['*'], resources: ['*'] }),
      new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['iam:*', 'organizations:*'], resources: ['*'] }),
    ],
  });
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key.grantEncryptDecrypt(new iam.ServicePrincipal(`logs.${this.region}.amazonaws.com`));
    this.logGroup = new LogGroup(this, 'Logs', {
      encryptionKey: this.key,
      retention: RetentionDays.TWO_YEARS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

export function build(app: App): Stack[] {
  const rules = new Rules(app, 'Rules');
  const stack = new Stack(app, 'CompanyRules');
  iam.PermissionsBoundary.of(stack).apply(rules.boundary);
  Tags.of(stack).add('CostCenter', '4711');

  const parameter = StringParameter.fromSecureStringParameterAttributes(stack, 'Smtp', {
    parameterName: '/nocobase/smtp-password',
  });
  const cluster = new NocoBaseCluster(stack, 'NocoBase', {
    image: NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15'),
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    encryptionKey: rules.key,
    logGroup: rules.logGroup,
    environment: { TZ: 'Europe/Berlin', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' },
    secrets: { SMTP_PASSWORD: StoredSecret.inParameterStore(parameter) },
    entrance: Entrance.cloudFront(),
  });

  // Not essential: a collector that ends takes no node with it.
  const { taskDefinition, container } = cluster.web;
  taskDefinition.addContainer('Collector', {
    image: ecs.ContainerImage.fromRegistry('public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3'),
    essential: false,
    cpu: 128,
    memoryLimitMiB: 256,
    logging: ecs.LogDrivers.awsLogs({ logGroup: rules.logGroup, streamPrefix: 'collector' }),
  });
  // What both may see: ends with the task.
  taskDefinition.addVolume({ name: 'spool' });
  container.addMountPoints({ sourceVolume: 'spool', containerPath: '/var/spool/nocobase', readOnly: false });
  return [rules, stack];
}

build(new App());
