// A cluster in a stack of its own, with the library's defaults: for a look at what there is, and to grow from.
// The entrance is open to nobody until one is chosen, e.g. `entrance: Entrance.cloudFront()`.
import { App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ClusterPlugins, NocoBaseCluster } from '../../lib'; // in a project of yours: from 'cdk-nocobase'

export function build(app: App): Stack {
  const stack = new Stack(app, 'Minimal');
  const licenseKey = Secret.fromSecretNameV2(stack, 'License', 'nocobase-license');
  new NocoBaseCluster(stack, 'NocoBase', { plugins: ClusterPlugins.licensed(licenseKey) });
  return stack;
}

build(new App());
