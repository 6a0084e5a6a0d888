import { CfnParameter, type IResolvable, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { contentsOf } from './token-contents';

/** By which resources are called; of some it is an attribute, too. */
const OWN_ID = /^(Ref|Id|VpcId|SubnetId|GroupId|FileSystemId|AccessPointId)$/;

/**
 * What tells a text from others. A value that is imported twice, or read twice
 * from Parameter Store, is two tokens. What is produced late stays a token, and
 * so do attributes of resources, which are the same for all who take them.
 */
export function identityOf(scope: IConstruct, text: string): string {
  if (!Token.isUnresolved(text)) return text;
  return Tokenization.reverseString(text).tokens.reduce(
    (known, token) => known.replace(token.toString(), () => identityOfToken(scope, token)),
    text,
  );
}

function identityOfToken(scope: IConstruct, token: IResolvable): string {
  if (Reference.isReference(token)) {
    const { target, displayName } = token;
    if (target instanceof CfnParameter) return identityOfParameter(scope, target) ?? token.toString();
    return OWN_ID.test(displayName) ? `<${target.node.path}>` : token.toString();
  }
  const { value, references, isOpen } = contentsOf(scope, token);
  const text = JSON.stringify(value);
  // Of a stack that is written by hand the logical id says too little.
  const isWhole = references.length === 0 && !isOpen && !/"(Ref|Fn::GetAtt|Fn::Sub)"/.test(text);
  return isWhole ? inItsPlace(scope, text) : token.toString();
}

/** What CDK reads from Parameter Store when a stack is deployed has a parameter in each stack. */
function identityOfParameter(scope: IConstruct, { type, default: name }: CfnParameter): string | undefined {
  const isStored = type.startsWith('AWS::SSM::Parameter::Value<') && name !== undefined;
  return isStored ? inItsPlace(scope, `${type} ${name}`) : undefined;
}

/** A name of the account and region; stacks where these are open may go to several. */
function inItsPlace(scope: IConstruct, name: string): string {
  const { account, region, node } = Stack.of(scope);
  return [account, region].some(Token.isUnresolved) ? `${name} of <${node.path}>` : `${name} of ${account} ${region}`;
}
