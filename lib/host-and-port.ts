import { type IResolvable, Token, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { checkRequired } from './given';
import { invalidProp, isKnown } from './invalid-prop';

/** Refuses what is not the bare name or address of a server. */
export function checkHost(scope: IConstruct, prop: string, host: string) {
  checkRequired(scope, { [prop]: host });
  if (isKnown(host) && !/^(?=.{1,253}$)[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(host)) {
    throw invalidProp(scope, {
      prop,
      problem: `must be the name or IPv4 address of a server, got: '${host}'`,
      remedy: 'Write it without protocol, port and path',
    });
  }
}

export function checkPort(scope: IConstruct, prop: string, port: number) {
  if (!Token.isUnresolved(port) && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw invalidProp(scope, {
      prop,
      problem: `must be a whole number between 1 and 65535, got: ${port}`,
      remedy: 'Leave it out for the usual one',
    });
  }
}

/** The name of a server, of which capitals mean nothing, so that places can be compared. */
export function hostText(host: string): string {
  return Token.isUnresolved(host) ? host : host.toLowerCase();
}

const TEXTS = new WeakMap<IResolvable, string>();

/** A port as part of a text; that of a token is the same every time, so that places can be compared. */
export function portText(port: number): string {
  const token = Tokenization.reverseNumber(port);
  if (token === undefined) return String(port);
  const text = TEXTS.get(token) ?? Tokenization.stringifyNumber(port);
  TEXTS.set(token, text);
  return text;
}
