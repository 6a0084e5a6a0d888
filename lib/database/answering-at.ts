import { Stack } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Dependable, type IConstruct, type IDependable } from 'constructs';
import { referredResource, resources } from '../app-resources';

/**
 * What answers at an endpoint of the app. The endpoint is there earlier: that of
 * an Aurora cluster before its instances, that of a proxy before its targets.
 */
export function answeringAt(host: string | undefined): IDependable[] {
  const endpoint = referredResource(host);
  if (rds.CfnDBCluster.isCfnDBCluster(endpoint)) {
    return [allOf(rds.CfnDBInstance.isCfnDBInstance, endpoint, 'dbClusterIdentifier')];
  }
  if (rds.CfnDBProxy.isCfnDBProxy(endpoint)) {
    return [allOf(rds.CfnDBProxyTargetGroup.isCfnDBProxyTargetGroup, endpoint, 'dbProxyName')];
  }
  return [];
}

type Named<Name extends string> = IConstruct & { readonly [name in Name]?: string };

/**
 * All of a kind that name their owner, made at any time. Those of other stacks
 * are left out: their stacks may wait for the nodes.
 */
function allOf<Name extends string, T extends Named<Name>>(
  isWanted: (construct: unknown) => construct is T,
  owner: Named<Name>,
  name: Name,
): IDependable {
  const isOfOwner = ({ [name]: given }: Named<Name>) =>
    given !== undefined && (referredResource(given) === owner || given === owner[name]);
  const all = {};
  Dependable.implement(all, {
    get dependencyRoots() {
      return resources(owner, isWanted)
        .filter((construct) => Stack.of(construct) === Stack.of(owner))
        .filter(isOfOwner);
    },
  });
  return all;
}
