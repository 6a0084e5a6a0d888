import { Stack, Stage, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { referredResource, resources } from '../app-resources';
import { invalidProp, isPending } from '../invalid-prop';
import { compareVpcs } from '../network/same-vpc';
import { TIMING } from '../node/timing';
import { propertiesOf } from '../preflight/properties';
import { identityInPlace } from './identity-in-place';

// What is given may be made in the same app, and then synthesis can look at it, however it was handed over: the ARN of
// a resource is the same token for all who take it.

export function knownListener(listenerArn: string): elbv2.CfnListener | undefined {
  const resource = referredResource(listenerArn);
  return elbv2.CfnListener.isCfnListener(resource) ? resource : undefined;
}

export function knownLoadBalancer(loadBalancerArn: string): elbv2.CfnLoadBalancer | undefined {
  const resource = referredResource(loadBalancerArn);
  return elbv2.CfnLoadBalancer.isCfnLoadBalancer(resource) ? resource : undefined;
}

/** What attaches an internet gateway to a VPC, made by hand or by CDK, as far as one can wait for it: in its stage. */
export function internetGatewaysOf(scope: Construct, vpc: ec2.IVpc): ec2.CfnVPCGatewayAttachment[] {
  if (isPending(vpc.vpcId)) return [];
  const identity = identityInPlace(vpc, vpc.vpcId);
  return resources(scope, ec2.CfnVPCGatewayAttachment.isCfnVPCGatewayAttachment).filter(
    (each) =>
      each.internetGatewayId !== undefined &&
      Stage.of(each) === Stage.of(scope) &&
      identityInPlace(each, each.vpcId) === identity,
  );
}

/**
 * What writes down, in the stack of the nodes, that a load balancer may connect
 * to them: the security groups of this stack. For one of another stack it is
 * that of the nodes.
 */
export function waysToNodes(scope: Construct, { connections }: ec2.IConnectable): ec2.ISecurityGroup[] {
  return connections.securityGroups.filter((group) => Stack.of(group) === Stack.of(scope));
}

/**
 * Says so when a load balancer of the app does not fit how long NocoBase's
 * connections are silent, where its attributes are final.
 */
export function warnOfIdleTimeout(scope: Construct, loadBalancer: elbv2.CfnLoadBalancer | undefined) {
  if (loadBalancer === undefined) return;
  const attributes = knownAttributes(loadBalancer);
  if (attributes === undefined) return;
  const given = attributes.find(({ key }) => key === 'idle_timeout.timeout_seconds')?.value;
  const seconds = Number(given ?? 60);
  const [least, most] = [TIMING.idleTimeout.toSeconds(), TIMING.keepAlive.toSeconds() - 1];
  if (seconds < least || seconds > most) {
    Validations.of(scope).addWarning(
      'cdk-nocobase:idle-timeout',
      `The load balancer ${loadBalancer.node.path} ends connections that are silent for ${seconds} s. ${
        seconds < least
          ? "NocoBase's WebSocket client pings every 300 s, so that it would connect again and again."
          : `A node ends them after ${TIMING.keepAlive.toSeconds()} s, so that users would get a 502 now and then.`
      } Set its idleTimeout to Duration.seconds(${least}).`,
    );
  }
}

/** Nothing where a condition decides about one of them, or an override. */
function knownAttributes(
  loadBalancer: elbv2.CfnLoadBalancer,
): elbv2.CfnLoadBalancer.LoadBalancerAttributeProperty[] | undefined {
  const [, overrides] = propertiesOf(loadBalancer);
  if ('LoadBalancerAttributes' in ((overrides as { Properties?: object }).Properties ?? {})) return undefined;
  const attributes = Stack.of(loadBalancer).resolve(loadBalancer.loadBalancerAttributes) ?? [];
  return Array.isArray(attributes) && attributes.every(({ key }) => typeof key === 'string') ? attributes : undefined;
}

/** Refuses a load balancer that cannot be in the network of the cluster. */
export function checkVpc(cluster: Construct, prop: string, vpc: ec2.IVpc, given: ec2.IVpc | undefined) {
  const isOfTheCluster = vpc.node.scopes.includes(cluster);
  if (isOfTheCluster || (given !== undefined && compareVpcs(vpc, given) === 'different')) {
    throw invalidProp(cluster, {
      prop,
      problem: isOfTheCluster
        ? 'is in another network than the nodes, for which the cluster makes a `vpc` of its own'
        : `is in ${given!.node.path}, and the nodes in ${vpc.node.path}`,
      remedy: 'Give the cluster the network of the load balancer: vpc',
    });
  }
}
