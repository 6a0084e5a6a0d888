import type { PartContext } from './contribution';

/** What every managed part is told of where it is bound. */
export function placement(context: PartContext) {
  return { vpc: context.vpc, vpcSubnets: context.dataSubnets, encryptionKey: context.encryptionKey };
}
