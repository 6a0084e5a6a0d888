process.env.CDK_VALIDATION = 'true';

import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, Stack, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as efs from 'aws-cdk-lib/aws-efs';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  ApplicationKeys,
  ClusterPlugins,
  Database,
  DatabaseCa,
  Entrance,
  MessageQueue,
  NocoBaseCluster,
  type NocoBaseClusterProps,
  NocoBaseImage,
  RabbitMqDeployment,
  Redis,
  SharedStorage,
  StoredSecret,
} from '../lib';

/** Every validator there is, strict: a finding that the library has not acknowledged with a reason throws. */
function synthesizeStrictly(props: (stack: Stack) => Partial<NocoBaseClusterProps>, region?: string) {
  const app = new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
  const stack = new Stack(app, 'Prod', region ? { env: { region } } : {});
  const licenseKey = secretsmanager.Secret.fromSecretNameV2(stack, 'License', 'nocobase-license');
  new NocoBaseCluster(stack, 'NocoBase', { plugins: ClusterPlugins.licensed(licenseKey), ...props(stack) });
  return () => app.synth();
}

test('the validators are at work: each finds what is wrong where something is', () => {
  const app = new App({ context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new CfnGuardValidator());
  const stack = new Stack(app, 'Prod');
  new lambda.CfnFunction(stack, 'Function', {
    runtime: 'nodejs10.x',
    code: { zipFile: '' },
    role: 'arn:aws:iam::111122223333:role/x',
  });
  let report = '';
  try {
    app.synth();
  } catch (error) {
    report = (error as Error).message;
  }
  for (const finding of [
    'AwsSolutions::AwsSolutions-L1',
    'cdk-validator-cfnguard::',
    'CloudFormation-Validate::E2533',
  ]) {
    expect(report).toContain(finding);
  }
});

test('the defaults pass all validators', () => {
  expect(synthesizeStrictly(() => ({}))).not.toThrow();
});

test('one node with pending plug-ins, behind CloudFront, with ECS Exec passes all validators', () => {
  expect(
    synthesizeStrictly(() => ({
      plugins: ClusterPlugins.pending(),
      entrance: Entrance.cloudFront(),
      enableExecuteCommand: true,
    })),
  ).not.toThrow();
});

test('a production cluster on a domain passes all validators', () => {
  expect(
    synthesizeStrictly(
      (stack) => ({
        database: Database.postgres({ multiAz: true }),
        queue: MessageQueue.rabbitMq({ deployment: RabbitMqDeployment.CLUSTER_MULTI_AZ, instanceType: 'mq.m7g.large' }),
        entrance: Entrance.domain({
          domainName: 'nocobase.example.com',
          hostedZone: route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
            hostedZoneId: 'Z0123456789',
            zoneName: 'example.com',
          }),
          deletionProtection: true,
        }),
      }),
      'eu-central-1',
    ),
  ).not.toThrow();
});

test('a certificate of one’s own, narrow ranges and no deletion protection pass all validators', () => {
  expect(
    synthesizeStrictly((stack) => ({
      database: Database.postgres({ deletionProtection: false }),
      entrance: Entrance.certificate(
        acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-central-1:111122223333:certificate/1'),
        { domainName: 'nocobase.example.com', allowedCidrs: ['203.0.113.0/24'] },
      ),
    })),
  ).not.toThrow();
});

test('nodes without a way out, and a KMS key for all that holds data, pass all validators', () => {
  expect(
    synthesizeStrictly((stack) => ({
      natGateways: 0,
      image: NocoBaseImage.fromEcr(ecr.Repository.fromRepositoryName(stack, 'Image', 'nocobase'), '2.2.15'),
      plugins: ClusterPlugins.preinstalled(),
      encryptionKey: kms.Key.fromKeyArn(
        stack,
        'Key',
        'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ),
      entrance: Entrance.cloudFront(),
      enableExecuteCommand: true,
    })),
  ).not.toThrow();
});

test('a database with the data of a snapshot passes all validators', () => {
  expect(synthesizeStrictly(() => ({ database: Database.fromSnapshot('before-the-move') }))).not.toThrow();
});

test('parts that there are already pass all validators, as far as the library makes anything for them', () => {
  expect(
    synthesizeStrictly((stack) => {
      const secret = (name: string) => secretsmanager.Secret.fromSecretNameV2(stack, name, name);
      return {
        image: NocoBaseImage.fromPullThroughCache('docker-hub', '2.2.15'),
        keys: ApplicationKeys.fromSecret(secret('keys')),
        database: Database.existing({ host: 'db.example.com', ca: DatabaseCa.wellKnown(), secret: secret('database') }),
        redis: Redis.existing({ host: 'redis.example.com', password: StoredSecret.inSecretsManager(secret('redis')) }),
        queue: MessageQueue.existingRabbitMq({ endpoint: 'amqps://mq.example.com', secret: secret('queue') }),
        storage: SharedStorage.existing({
          fileSystem: efs.FileSystem.fromFileSystemAttributes(stack, 'Files', {
            fileSystemId: 'fs-0123456789abcdef0',
            securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'FilesGroup', 'sg-0123456789abcdef0'),
          }),
          path: '/nocobase',
        }),
        entrance: Entrance.cloudFront(),
      };
    }),
  ).not.toThrow();
});
