import { CfnParameter, type IResolvable, Reference, Token, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { contentsOf } from './token-contents';

/**
 * What tells a text from others. A value that is imported twice, or read twice
 * from Parameter Store, is two tokens. References to resources stay as they are:
 * a resource of another stack may have the same logical id. So does what is
 * produced late.
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
  const { value, references, isOpen } = contentsOf(scope, token);
  const text = JSON.stringify(value);
  const isWhole = references.length === 0 && !isOpen && !/"(Ref|Fn::GetAtt|Fn::Sub)"/.test(text);
  return isWhole ? text : token.toString();
}

/** What CDK reads from Parameter Store when a stack is deployed has a parameter in each stack. */
function storedParameter(token: IResolvable): string | undefined {
  if (!Reference.isReference(token) || !(token.target instanceof CfnParameter)) return undefined;
  const { type, default: name } = token.target;
  return type.startsWith('AWS::SSM::Parameter::Value<') && name !== undefined ? `${type} ${name}` : undefined;
}
