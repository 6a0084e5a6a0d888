import { type ResourceEnvironment, Stack, Stage, Token } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import { invalidProp, typeOf } from './invalid-prop';

/** Something that has to be in one region, or account, with what uses it. */
export interface Regional {
  readonly region: string;
  /** @default - the region of the scope's stack */
  readonly here?: string;
  /** @default 'region' */
  readonly kind?: 'region' | 'account';
  /** What it is, in front of the clause. */
  readonly what?: string;
  readonly remedy: string;
}

/** Whether two are deployed together: in one account and region, and in one stage, which may go to several. */
export function areTogether(one: IConstruct, other: IConstruct): boolean {
  return Stage.of(one) === Stage.of(other) && Stack.of(one).environment === Stack.of(other).environment;
}

/** Refuses what is known to be in another region. */
export function checkRegion(scope: IConstruct, prop: string, { region, here, kind, what, remedy }: Regional) {
  const ours = here ?? Stack.of(scope).region;
  if ([region, ours].some(Token.isUnresolved) || region === ours) return;
  throw invalidProp(scope, {
    prop,
    problem: `${what === undefined ? '' : `${what} `}is in ${kind === 'account' ? 'account ' : ''}${region}, and has to be in ${ours}`,
    remedy,
  });
}

/** Refuses what is known to be in another region or account, where it is not found by its name. */
export function checkHere(
  scope: IConstruct,
  prop: string,
  env: ResourceEnvironment,
  remedy: (where: 'region' | 'account') => string,
  what?: string,
) {
  for (const where of ['region', 'account'] as const) {
    const here = Stack.of(scope)[where];
    checkRegion(scope, prop, { kind: where, region: env[where], here, what, remedy: remedy(where) });
  }
}

/** Refuses a part of this app in a stack of another region or account than that of the nodes. */
export function checkBeside(nodes: IConstruct, prop: string, part: IConstruct) {
  checkHere(nodes, prop, Stack.of(part), (where) => `Make it in a stack of the ${where} of the nodes`, part.node.path);
}

/** Refuses a key that cannot encrypt what is made here. */
export function checkKey(scope: IConstruct, key: IKey | undefined) {
  if (key === undefined) return;
  if (typeof key?.keyArn !== 'string') {
    throw invalidProp(scope, {
      prop: 'encryptionKey',
      problem: `must be a key of KMS, got: ${typeOf(key)}`,
      remedy: 'Import it, Key.fromKeyArn(this, id, arn), and give that',
    });
  }
  checkRegion(scope, 'encryptionKey', {
    what: key.node.path,
    region: key.env.region,
    remedy: 'Give a key of that region, of a multi-Region key the replica that is there',
  });
}
