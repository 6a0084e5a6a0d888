import { type ResourceEnvironment, Stack } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';
import { checkRegion } from './same-region';

/** How a VPC is imported. */
export const IMPORTED_VPC = "Vpc.fromLookup(this, 'Vpc', { vpcId })";

/**
 * Refuses an id or a name in place of a construct, which the compiler does in
 * TypeScript only.
 *
 * @param imported how one is made of what is there
 */
export function checkConstruct(scope: IConstruct, prop: string, given: unknown, imported: string) {
  if (Construct.isConstruct(given)) return;
  throw invalidProp(scope, {
    prop,
    problem: `must be a construct, got: ${given === undefined ? 'nothing' : typeof given}`,
    remedy: `Where there is one already, import it: ${imported}`,
  });
}

/** Refuses what is known to be in another region or account, where it is not found by its name. */
export function checkHere(scope: IConstruct, prop: string, env: ResourceEnvironment, remedy: string) {
  for (const where of ['region', 'account'] as const) {
    checkRegion(scope, prop, { region: env[where], here: Stack.of(scope)[where], remedy });
  }
}
