import { Reference, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * The resource of the app whose attribute a text is, and nothing but that, however it was handed over:
 * the text is the same token for all who take it.
 */
export function referredResource(text: string | undefined): IConstruct | undefined {
  const { length, tokens } = Tokenization.reverseString(text ?? '');
  return length === 1 && Reference.isReference(tokens[0]) ? tokens[0].target : undefined;
}

/** All resources of a kind in the app. */
export function resources<T>(scope: IConstruct, isWanted: (construct: unknown) => construct is T): T[] {
  return scope.node.root.node.findAll().filter((construct) => isWanted(construct)) as T[];
}
