import { Intrinsic, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { isKnown } from '../invalid-prop';

/** Whether two constructs stand for one VPC, which may have been imported or looked up more than once. */
export function compareVpcs(one: IVpc, other: IVpc): 'same' | 'different' | 'unknown' {
  if (one === other) return 'same';
  const ids = [one.vpcId, other.vpcId];
  const regions = [one.env.region, other.env.region];
  const elsewhere = !regions.some(Token.isUnresolved) && regions[0] !== regions[1];
  if (elsewhere || (ids.every(isKnown) && ids[0] !== ids[1])) return 'different';
  // What a look-up answers at first is the same for all networks.
  if (identityOf(one, ids[0]) === identityOf(other, ids[1])) {
    return isKnown(ids[0]) || Token.isUnresolved(ids[0]) ? 'same' : 'unknown';
  }
  // A network that is made here is one construct; others with its id have its token.
  return [one, other].every(({ node }) => node.defaultChild !== undefined) ? 'different' : 'unknown';
}

/**
 * What tells an id from others. A value that is imported twice is two tokens.
 * References to resources stay as they are: a resource of another stack may
 * have the same logical id.
 */
export function identityOf(scope: IConstruct, id: string): string {
  if (!Token.isUnresolved(id) || !Tokenization.reverseString(id).tokens.every((token) => token instanceof Intrinsic)) {
    return id;
  }
  const resolved = JSON.stringify(Stack.of(scope).resolve(id));
  return /"(Ref|Fn::GetAtt|Fn::Sub)"/.test(resolved) ? id : resolved;
}
