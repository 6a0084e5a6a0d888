import { Stack, Token } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { invalidProp, isPending } from '../invalid-prop';
import { identityInPlace } from './identity-in-place';

/** A name by which users reach one cluster, and no other. */
export interface ClaimedName {
  /** What answers to the name, by its ARN or ID. */
  readonly place: string;
  /** What the place knows the name by. */
  readonly name: string;
  /** The prop that says so. */
  readonly prop: string;
  /** A clause that begins with the name. */
  readonly problem: (other: string) => string;
  readonly remedy: string;
}

/** By app. */
const CLAIMED = new WeakMap<IConstruct, Map<string, Construct>>();

/** Refuses a name that leads to another cluster of the app already. */
export function claimName(scope: Construct, { place, name, prop, problem, remedy }: ClaimedName) {
  if (isPending(place) || isPending(name)) return;
  const { root } = scope.node;
  const claimed = CLAIMED.get(root) ?? new Map<string, Construct>();
  CLAIMED.set(root, claimed);
  // Pseudo parameters, e.g. `AWS::Region`, are the same token in stacks where they stand for something else.
  const key = [
    identityInPlace(scope, place),
    name,
    ...(Token.isUnresolved(name) ? [Stack.of(scope).node.path] : []),
  ].join(' ');
  const other = claimed.get(key);
  if (other !== undefined) {
    throw invalidProp(scope, { prop, problem: problem(`[${other.node.path}]`), remedy });
  }
  claimed.set(key, scope);
}
