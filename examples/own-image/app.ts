// An image of your own, built from a Dockerfile when you deploy: with fonts, certificates or plug-ins that a company has.
// A change of any file in `image/` is an upgrade, which one node performs while the others wait.
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, Entrance, NocoBaseCluster, NocoBaseImage } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack {
  const stack = new Stack(app, 'OwnImage');
  new NocoBaseCluster(stack, 'NocoBase', {
    image: NocoBaseImage.fromAsset(join(__dirname, 'image')),
    plugins: ClusterPlugins.licensed(Secret.fromSecretNameV2(stack, 'License', 'nocobase-license')),
    entrance: Entrance.cloudFront(),
  });
  return stack;
}

build(new App());
