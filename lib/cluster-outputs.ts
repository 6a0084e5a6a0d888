import { CfnOutput } from 'aws-cdk-lib';
import type { NocoBaseCluster } from './nocobase-cluster';
import type { ClusterPluginsBinding } from './plugins/cluster-plugins';
import { nextStep } from './plugins/next-step';

/** What people have to know after a deployment. Nothing secret: names of Secrets. */
export function addOutputs(cluster: NocoBaseCluster, rootEmail: string, plugins: ClusterPluginsBinding) {
  const { url, keys, logGroup, ecsCluster, web, operations, database } = cluster;
  const output = (id: string, value: string, description: string) => new CfnOutput(cluster, id, { value, description });
  output('Url', url, 'Where users find NocoBase');
  output('RootPasswordSecret', keys.rootPassword.storeName, `Secret with the first password of ${rootEmail}`);
  if (plugins.licenseKey) {
    output('LicenseSecret', plugins.licenseKey.storeName, 'Secret with the licence key');
  }
  output('LogGroup', logGroup.logGroupName, 'Logs of the nodes');
  output('ClusterName', ecsCluster.clusterName, 'ECS cluster');
  output('ServiceName', web.service.serviceName, 'ECS service of the nodes');
  if (database.instance) {
    output('DatabaseInstance', database.instance.instanceIdentifier, 'RDS instance that can be taken back in time');
  }
  output(
    'MaintenanceStateMachine',
    operations.maintenance.stateMachine.stateMachineArn,
    'Begins and ends maintenance, and restarts nodes',
  );
  if (!plugins.clustered) {
    output(
      'NextStep',
      nextStep({ url, rootEmail, rootPasswordSecret: keys.rootPassword.storeName }),
      'How to get from one node to a cluster',
    );
  }
}
