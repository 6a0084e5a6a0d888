import { Construct, type IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';

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
