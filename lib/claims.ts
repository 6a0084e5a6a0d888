import { Stack, Stage, Token } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import { invalidProp } from './invalid-prop';

interface Claim {
  readonly scope: IConstruct;
  readonly prop: string;
  readonly purpose: string;
}

/** By app. */
const CLAIMED = new WeakMap<IConstruct, Map<string, Claim>>();

/**
 * Refuses a place that another part of the cluster, or another cluster of the
 * app, has already: they would overwrite each other's data.
 */
export function claim(scope: IConstruct, vpc: IVpc, prop: string, places: { [purpose: string]: string }) {
  const { root } = scope.node;
  const claimed = CLAIMED.get(root) ?? new Map<string, Claim>();
  CLAIMED.set(root, claimed);
  for (const [purpose, place] of Object.entries(places)) {
    const key = `${neighbourhood(scope, vpc)} ${place}`;
    const earlier = claimed.get(key);
    if (earlier) {
      const whose = earlier.scope === scope ? `\`${earlier.prop}\`` : `[${earlier.scope.node.path}]`;
      throw invalidProp(scope, {
        prop,
        problem: `has its ${purpose} in ${readable(place)}, where ${whose} has its ${earlier.purpose} already`,
        remedy: 'Give each a place of its own: they would overwrite each other’s data',
      });
    }
    claimed.set(key, { scope, prop, purpose });
  }
}

/**
 * Within which a name means one thing: private names are others in another
 * network, and stacks whose account or region is open may go anywhere.
 */
function neighbourhood(scope: IConstruct, vpc: IVpc): string {
  const { account, region } = Stack.of(scope);
  const stage = [account, region].some(Token.isUnresolved) ? Stage.of(scope)?.node.path : undefined;
  return [account, region, stage, vpc.vpcId].join(' ');
}

function readable(place: string): string {
  return place.replace(/\$\{Token\[([^\]]*?)(\.\d+)?\]\}/g, '<$1>');
}
