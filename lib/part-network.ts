import { Validations } from 'aws-cdk-lib';
import { CfnSecurityGroup, type Connections, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { invalidProp } from './invalid-prop';
import { areDifferentVpcs } from './network/same-vpc';

/**
 * Looks whether the security groups of a part are in the VPC of the nodes.
 * Between two VPCs EC2 takes a rule that names a group only when they are peered.
 */
export function checkPartNetwork(cluster: Construct, vpc: IVpc, prop: string, connections: Connections | undefined) {
  const groups = connections?.securityGroups.map(({ node }) => node.defaultChild) ?? [];
  const elsewhere = groups
    .filter((group) => CfnSecurityGroup.isCfnSecurityGroup(group))
    .find(({ vpcId }) => vpcId !== undefined && vpcId !== vpc.vpcId);
  if (elsewhere === undefined) return;
  if (vpc.node.scopes.includes(cluster)) {
    throw invalidProp(cluster, {
      prop,
      problem: `is in another network than the nodes, for which the cluster makes a \`vpc\` of its own (its security group is ${elsewhere.node.path})`,
      remedy: `Give the cluster the network of \`${prop}\`: vpc`,
    });
  }
  if (areDifferentVpcs(vpc.vpcId, elsewhere.vpcId!)) {
    Validations.of(cluster).addWarning(
      'cdk-nocobase:other-network',
      `\`${prop}\` is in another VPC than the nodes (its security group is ${elsewhere.node.path}), and EC2 refuses to let them in unless the two are peered. Give the cluster the VPC of \`${prop}\`, or acknowledge this when a peering connection is there, with routes both ways.`,
    );
  }
}
