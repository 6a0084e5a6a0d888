import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { invalidProp, typeOf } from './invalid-prop';

/** The network side of a server that is there already, if its security groups were given. */
export function serverConnections(
  scope: IConstruct,
  prop: string,
  securityGroups: ec2.ISecurityGroup[] | undefined,
  port: number,
): ec2.Connections | undefined {
  if (securityGroups === undefined) return undefined;
  const remedy =
    'Import each with SecurityGroup.fromSecurityGroupId(this, id, securityGroupId), or leave `securityGroups` out';
  if (!Array.isArray(securityGroups)) {
    throw invalidProp(scope, { prop, problem: `must be a list, got: ${typeOf(securityGroups)}`, remedy });
  }
  const other = securityGroups.findIndex((group) => typeof group?.securityGroupId !== 'string');
  if (other >= 0) {
    const problem = `must be security groups, and one of them is no group but: ${typeOf(securityGroups[other])}`;
    throw invalidProp(scope, { prop, problem, remedy });
  }
  return new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(port) });
}
