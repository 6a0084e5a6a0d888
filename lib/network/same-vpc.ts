import { Token } from 'aws-cdk-lib';
import { CfnVPC, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { areDifferent } from '../app-resources';
import { identityOf } from '../identity';
import { isKnown, isPending } from '../invalid-prop';

/** Whether two constructs stand for one VPC, which may have been imported or looked up more than once. */
export function compareVpcs(one: IVpc, other: IVpc): 'same' | 'different' | 'unknown' {
  if (one === other) return 'same';
  const ids = [one.vpcId, other.vpcId];
  const regions = [one.env.region, other.env.region];
  const elsewhere = !regions.some(Token.isUnresolved) && regions[0] !== regions[1];
  if (elsewhere || (ids.every(isKnown) && ids[0] !== ids[1])) return 'different';
  // What a look-up answers at first is the same for all networks.
  if (identityOf(one, ids[0]) === identityOf(other, ids[1])) {
    return isPending(ids[0]) ? 'unknown' : 'same';
  }
  // A network that is made here is one construct; others with its id have its token.
  return [one, other].every(({ node }) => node.defaultChild !== undefined) ? 'different' : 'unknown';
}

/** Whether two ids are those of different VPCs. */
export function areDifferentVpcs(one: string, other: string): boolean {
  return areDifferent(CfnVPC.isCfnVPC, one, other);
}
