import * as rds from 'aws-cdk-lib/aws-rds';
import type { IDependable } from 'constructs';
import { referredResource } from '../app-resources';

/**
 * What answers at an endpoint of the app. The endpoint is there earlier: that of
 * an Aurora cluster before its instances, that of a proxy before its targets.
 */
export function answeringAt(host: string | undefined): IDependable[] {
  const endpoint = referredResource(host);
  const beside = () => endpoint?.node.scope?.node.findAll() ?? [];
  if (rds.CfnDBCluster.isCfnDBCluster(endpoint)) {
    return beside().filter((construct) => rds.CfnDBInstance.isCfnDBInstance(construct));
  }
  if (rds.CfnDBProxy.isCfnDBProxy(endpoint)) {
    return beside().filter((construct) => rds.CfnDBProxyTargetGroup.isCfnDBProxyTargetGroup(construct));
  }
  return [];
}
