import { Stack, Stage, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { identityOf } from '../identity';

/**
 * What tells a thing from others of the app by its ARN or ID. One that only the
 * deployment knows, e.g. with `AWS::AccountId` in it, is one thing in an account
 * and region, and another one elsewhere.
 */
export function identityInPlace(scope: IConstruct, text: string): string {
  const identity = identityOf(scope, text);
  if (!Token.isUnresolved(identity)) return identity;
  return `${identity} of ${Stack.of(scope).environment} in <${Stage.of(scope)?.node.path}>`;
}
