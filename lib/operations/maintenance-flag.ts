import { Aws, Fn } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * The name of the rule that is enabled while maintenance is on. A name of its
 * own, unlike everything else here: the preflight check has to ask for the rule
 * without waiting for it, because a change of the rule itself (a tag is enough)
 * would disable it. Stacks have an id that no other has; 64 characters are what
 * a rule takes.
 */
export function maintenanceRuleName(cluster: IConstruct): string {
  return `NocoBaseHold-${uniqueIn(cluster)}`;
}

/**
 * A name of its own for the state machine, too: what starts it may then be made
 * before it, and not after the first node, when everybody waits.
 */
export function stateMachineName(maintenance: IConstruct): string {
  return `NocoBaseMaintenance-${uniqueIn(maintenance)}`;
}

function uniqueIn(construct: IConstruct): string {
  return `${Fn.select(2, Fn.split('/', Aws.STACK_ID))}-${construct.node.addr.slice(-8)}`;
}
