import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { invalidProp, typeOf } from './invalid-prop';

/** How a VPC is imported. */
export const IMPORTED_VPC = "Vpc.fromLookup(this, 'Vpc', { vpcId })";

/**
 * Refuses what nobody gave. The compiler asks for it in TypeScript, but not
 * every language has one, and it believes `process.env.NAME!`.
 */
export function checkRequired(scope: IConstruct, options: { [prop: string]: unknown }) {
  for (const [prop, value] of Object.entries(options)) {
    if (value === undefined || value === null) {
      throw invalidProp(scope, {
        prop,
        problem: 'is missing, and there is no default for it',
        remedy: 'Give it; where it comes from an environment variable or from a file, see that it is set there',
      });
    }
  }
}

/**
 * Refuses an id or a name in place of a construct.
 *
 * @param imported how one is made of what is there
 */
export function checkConstruct(scope: IConstruct, prop: string, given: unknown, imported: string) {
  if (Construct.isConstruct(given)) return;
  throw invalidProp(scope, {
    prop,
    problem: `must be a construct, got: ${typeOf(given)}`,
    remedy: `Where there is one already, import it: ${imported}`,
  });
}

/** The same, and nothing at all. */
export function checkRequiredConstruct(scope: IConstruct, prop: string, given: unknown, imported: string) {
  checkRequired(scope, { [prop]: given });
  checkConstruct(scope, prop, given, imported);
}

/** Refuses an ARN or a name in place of a Secret, and nothing at all. */
export function checkSecret(scope: IConstruct, prop: string, secret: ISecret | undefined) {
  checkRequired(scope, { [prop]: secret });
  if (typeof secret?.secretArn === 'string') return;
  throw invalidProp(scope, {
    prop,
    problem: `must be a Secret of Secrets Manager, got: ${typeOf(secret)}`,
    remedy: "Where there is one already, import it: Secret.fromSecretCompleteArn(this, 'Secret', arn)",
  });
}
