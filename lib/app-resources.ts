import { Reference, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { isKnown } from './invalid-prop';
import { contentsOf } from './token-contents';

/** An attribute of a resource of the app. */
export interface ReferredAttribute {
  readonly resource: IConstruct;
  /** As CloudFormation has it, e.g. `Endpoint.Address`. */
  readonly attribute: string;
}

/**
 * The attribute that a text is, and nothing but that, however it was handed over:
 * the text is the same token for all who take it.
 */
export function referredAttribute(text: string | undefined): ReferredAttribute | undefined {
  const { length, tokens } = Tokenization.reverseString(text ?? '');
  return length === 1 && Reference.isReference(tokens[0])
    ? { resource: tokens[0].target, attribute: tokens[0].displayName }
    : undefined;
}

/** The resource of the app whose attribute a text is. */
export function referredResource(text: string | undefined): IConstruct | undefined {
  return referredAttribute(text)?.resource;
}

/** The resources that a text is put together from. */
export function resourcesIn(scope: IConstruct, text: string): IConstruct[] {
  return contentsOf(scope, text).references.map(({ target }) => target);
}

/**
 * Whether two ids are those of different resources of a kind. One that the app makes may also be imported by its id: of
 * such two nothing is known.
 */
export function areDifferent(isOfKind: (construct: unknown) => boolean, one: string, other: string): boolean {
  const made = [one, other].map(referredResource);
  return made.every(isOfKind) ? made[0] !== made[1] : [one, other].every(isKnown) && one !== other;
}

/** All resources of a kind in the app. */
export function resources<T>(scope: IConstruct, isWanted: (construct: unknown) => construct is T): T[] {
  return scope.node.root.node.findAll().filter((construct) => isWanted(construct)) as T[];
}

/** A resource by the construct that people have written. */
export function pathOf({ node }: IConstruct): string {
  return node.path.replace(/\/Resource$/, '');
}
