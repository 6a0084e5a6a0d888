import { deniedBy, notAsked, partsOf, whoIs } from '../aws-failure';
import { Refusal } from '../refusal';

/** What AWS did not do, in sentences. */
export class AwsRefusal extends Refusal {
  constructor(
    /** As the service calls it, e.g. `DBInstanceNotFound`. */
    public readonly code: string,
    ...sentences: readonly string[]
  ) {
    super(...sentences);
  }
}

/** Whether AWS said so. */
export function isAws(error: unknown, code: RegExp): boolean {
  return error instanceof AwsRefusal && code.test(error.code);
}

/** @param action as IAM calls it, e.g. `rds:ModifyDBInstance` */
export function awsRefusal(error: unknown, action: string, region: string): Refusal {
  if (error instanceof Refusal) return error;
  const { name, message, code: own } = partsOf(error);
  const code = own || codeIn(message);
  const refuse = (...sentences: string[]) => new AwsRefusal(name || code, ...sentences);
  if (/AccessDenied|UnauthorizedOperation|NotAuthorized/.test(name)) {
    const [, what = action] = /perform: ([\w-]+:\w+)/.exec(message) ?? [];
    return refuse(
      `AWS does not let ${whoIs(message)} do ${what} in ${region}.`,
      'docs/operations lists the permissions that this command needs. Run it again when you have them.',
      ...deniedBy(message),
    );
  }
  const problem = notAsked({ name, message, code }, 'AWS', region, ' Run this again then: it goes on where it was.');
  if (problem) return refuse(...problem);
  return refuse(`AWS refused ${action} in ${region}: ${message.trim() || name || 'no reason was given'}`);
}

/** The SDK may have put what Node said into an error of its own. */
function codeIn(message: string): string {
  return /\b(E[A-Z_]{4,}|\w*CERT\w*)\b/.exec(message)?.[1] ?? '';
}
