import {
  DefaultTokenResolver,
  Intrinsic,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  StringConcat,
  Tokenization,
} from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What a text or a token is put together from, as far as it is known before synthesis. */
export interface TokenContents {
  /** As CloudFormation would get it, without what follows. */
  readonly value: unknown;
  /** What it refers to. */
  readonly references: readonly Reference[];
  /** Whether more of it is produced late. That is not asked: it would stay what it is now. */
  readonly isOpen: boolean;
}

export function contentsOf(scope: IConstruct, given: string | IResolvable): TokenContents {
  const resolver = new PresentResolver();
  const value = Tokenization.resolve(given, { scope, resolver, preparing: false });
  return { value, references: resolver.references, isOpen: resolver.isOpen };
}

class PresentResolver extends DefaultTokenResolver {
  public readonly references: Reference[] = [];
  public isOpen = false;

  constructor() {
    super(new StringConcat());
  }

  public override resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor) {
    if (Reference.isReference(token)) {
      this.references.push(token);
      return '';
    }
    if (token instanceof Intrinsic) return super.resolveToken(token, context, postProcessor);
    this.isOpen = true;
    return '';
  }
}
