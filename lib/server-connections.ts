import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';

/** The network side of a server that is there already, if its security groups were given. */
export function serverConnections(
  scope: IConstruct,
  prop: string,
  securityGroups: ec2.ISecurityGroup[] | undefined,
  port: number,
): ec2.Connections | undefined {
  if (securityGroups === undefined) return undefined;
  for (const group of securityGroups) {
    if (typeof group?.securityGroupId !== 'string') {
      throw invalidProp(scope, {
        prop,
        problem: `must be security groups, and one of them is ${group === undefined || group === null ? 'nothing' : `a ${typeof group}`}`,
        remedy:
          'Import each with SecurityGroup.fromSecurityGroupId(this, id, securityGroupId), or leave `securityGroups` out',
      });
    }
  }
  return new ec2.Connections({ securityGroups, defaultPort: ec2.Port.tcp(port) });
}
