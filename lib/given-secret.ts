import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';
import { checkRequired } from './required-options';

/** Refuses an ARN or a name in place of a Secret, and nothing at all. */
export function checkSecret(scope: IConstruct, prop: string, secret: ISecret | undefined) {
  checkRequired(scope, { [prop]: secret });
  if (typeof secret?.secretArn === 'string') return;
  throw invalidProp(scope, {
    prop,
    problem: `must be a Secret of Secrets Manager, got: ${typeof secret}`,
    remedy: "Where there is one already, import it: Secret.fromSecretCompleteArn(this, 'Secret', arn)",
  });
}
