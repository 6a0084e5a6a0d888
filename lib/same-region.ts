import { Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';

/** Something that has to be in one region with what uses it. */
export interface Regional {
  readonly region: string;
  /** @default - the region of the scope's stack */
  readonly here?: string;
  /** What it is, in front of the clause. */
  readonly what?: string;
  readonly remedy: string;
}

/** Refuses what is known to be in another region. */
export function checkRegion(scope: IConstruct, prop: string, { region, here, what, remedy }: Regional) {
  const ours = here ?? Stack.of(scope).region;
  if ([region, ours].some(Token.isUnresolved) || region === ours) return;
  throw invalidProp(scope, {
    prop,
    problem: `${what === undefined ? '' : `${what} `}is in ${region}, and has to be in ${ours}`,
    remedy,
  });
}
