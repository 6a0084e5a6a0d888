// A NocoBase that ran on one machine moves into a cluster, with all that it knows: a snapshot of its database, the folder
// `storage` on a file system, and its keys, which `cdk-nocobase import-keys` has put into a Secret.
import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as efs from 'aws-cdk-lib/aws-efs';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ApplicationKeys, ClusterPlugins, Database, Entrance, NocoBaseCluster, SharedStorage } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack[] {
  // Where the folder was copied to, before there was a cluster.
  const files = new Stack(app, 'MovedInFiles');
  const vpc = new ec2.Vpc(files, 'Vpc', { maxAzs: 2 });
  const fileSystem = new efs.FileSystem(files, 'Files', {
    vpc,
    encrypted: true,
    enableAutomaticBackups: true,
    // Where a file system has a policy, it has to let nodes do this much.
    fileSystemPolicy: new PolicyDocument({
      statements: [
        new PolicyStatement({
          principals: [new AccountRootPrincipal()],
          actions: [
            'elasticfilesystem:ClientMount',
            'elasticfilesystem:ClientWrite',
            'elasticfilesystem:ClientRootAccess',
          ],
          conditions: { Bool: { 'aws:SecureTransport': 'true' } },
        }),
      ],
    }),
    allowAnonymousAccess: true, // keeps the CDK from adding a statement for everybody
  });

  const stack = new Stack(app, 'MovedIn');
  new NocoBaseCluster(stack, 'NocoBase', {
    vpc,
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    keys: ApplicationKeys.fromSecret(Secret.fromSecretNameV2(stack, 'Keys', 'nocobase-keys')),
    database: Database.fromSnapshot('nocobase-before-the-move', { databaseName: 'nocobase', username: 'nocobase' }),
    storage: SharedStorage.existing({ fileSystem, path: '/nocobase/storage' }),
    entrance: Entrance.cloudFront(),
  });
  return [files, stack];
}

build(new App());
