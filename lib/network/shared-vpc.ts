import { Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { invalidProp, isKnown } from '../invalid-prop';

/**
 * Refuses what takes endpoints in a VPC that another account shares: those who
 * share it make none (Amazon VPC user guide, "Share your VPC subnets with other
 * accounts"), nor does Amazon MQ for them.
 */
export function refuseSharedVpc(scope: IConstruct, vpc: IVpc, remedy: string) {
  const [owner, ours] = [vpc.env.account, Stack.of(scope).account];
  if ([owner, ours].every(isKnown) && owner !== ours) {
    throw invalidProp(scope, {
      prop: 'vpc',
      problem: `is of account ${owner}, and ${ours}, which it is shared with, cannot make endpoints in it`,
      remedy,
    });
  }
}
