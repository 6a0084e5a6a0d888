import { Lazy } from 'aws-cdk-lib';
import { isPending } from '../invalid-prop';

/** The text, but not for the CDK to look at while its look-up is pending: it refuses what is no ARN or no range. */
export function closedWhilePending(text: string): string {
  return isPending(text) ? Lazy.string({ produce: () => text }) : text;
}
