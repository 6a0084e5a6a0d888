import { Lazy, Token } from 'aws-cdk-lib';
import { isKnown } from '../invalid-prop';

/** Whether it is what a look-up answers before there is an answer: the same for several that are looked up. */
export function isPending(text: string): boolean {
  return !Token.isUnresolved(text) && (!isKnown(text) || isListenerPending(text) || text === 'DUMMY');
}

/** The same of listeners and load balancers. Real ones have `app` where it has `application`. */
function isListenerPending(arn: string): boolean {
  return /:(listener|loadbalancer)\/application\//.test(arn);
}

/** The text, but not for the CDK to look at while its look-up is pending: it refuses what is no ARN or no range. */
export function closedWhilePending(text: string): string {
  return isPending(text) ? Lazy.string({ produce: () => text }) : text;
}
