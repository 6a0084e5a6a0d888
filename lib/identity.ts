import {
  CfnParameter,
  DefaultTokenResolver,
  Intrinsic,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  StringConcat,
  Token,
  Tokenization,
} from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * What tells a text from others. A value that is imported twice, or read twice
 * from Parameter Store, is two tokens. References to resources stay as they are:
 * a resource of another stack may have the same logical id. So does what is
 * produced late: asked now, it would stay what it is now.
 */
export function identityOf(scope: IConstruct, text: string): string {
  if (!Token.isUnresolved(text)) return text;
  return Tokenization.reverseString(text).tokens.reduce(
    (known, token) => known.replace(token.toString(), () => identityOfToken(scope, token)),
    text,
  );
}

function identityOfToken(scope: IConstruct, token: IResolvable): string {
  const parameter = storedParameter(token);
  if (parameter !== undefined) return parameter;
  const resolver = new PresentResolver();
  const resolved = JSON.stringify(Tokenization.resolve(token, { scope, resolver, preparing: false }));
  return resolver.isComplete && !/"(Ref|Fn::GetAtt|Fn::Sub)"/.test(resolved) ? resolved : token.toString();
}

/** What CDK reads from Parameter Store when a stack is deployed has a parameter in each stack. */
function storedParameter(token: IResolvable): string | undefined {
  if (!Reference.isReference(token) || !(token.target instanceof CfnParameter)) return undefined;
  const { type, default: name } = token.target;
  return type.startsWith('AWS::SSM::Parameter::Value<') && name !== undefined ? `${type} ${name}` : undefined;
}

/** Resolves what will be the same later. */
class PresentResolver extends DefaultTokenResolver {
  public isComplete = true;

  constructor() {
    super(new StringConcat());
  }

  public override resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor) {
    if (token instanceof Intrinsic && !Reference.isReference(token)) {
      return super.resolveToken(token, context, postProcessor);
    }
    this.isComplete = false;
    return '';
  }
}
