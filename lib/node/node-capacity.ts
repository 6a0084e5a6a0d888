import { Token } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type { IConstruct } from 'constructs';
import { invalidProp } from '../invalid-prop';

/** Where ECS places nodes. */
export interface NodeCapacity {
  /** Instances of the owner's rather than Fargate. */
  readonly onEc2: boolean;
  /** Undefined for Fargate on demand. */
  readonly strategies?: ecs.CapacityProviderStrategy[];
}

const FARGATE = ['FARGATE', 'FARGATE_SPOT'];
const SPOT = 'FARGATE_SPOT';

/** What a strategy of capacity providers means for nodes; refuses what ECS or an upgrade cannot do with. */
export function nodeCapacity(scope: IConstruct, strategies: ecs.CapacityProviderStrategy[] | undefined): NodeCapacity {
  if (strategies === undefined) return { onEc2: false };
  const prop = 'capacityProviderStrategies';
  const names = strategies.map(({ capacityProvider }) => capacityProvider);
  if (names.length === 0) {
    throw invalidProp(scope, {
      prop,
      problem: 'names no capacity provider',
      remedy: 'Leave it out for Fargate',
    });
  }
  if (new Set(names).size < names.length) {
    throw invalidProp(scope, {
      prop,
      problem: `names a capacity provider twice: ${names.join(', ')}`,
      remedy: 'Write one entry for each',
    });
  }
  // The name of one that is made in this app is a token, and Fargate's are not made.
  const onFargate = names.filter((name) => !Token.isUnresolved(name) && FARGATE.includes(name));
  if (onFargate.length > 0 && onFargate.length < names.length) {
    throw invalidProp(scope, {
      prop,
      problem: `mixes Fargate (${onFargate.join(', ')}) with instances, which ECS does not do in one service`,
      remedy: 'Use capacity providers of one kind',
    });
  }
  if (strategies.filter(({ base }) => (base ?? 0) > 0).length > 1) {
    throw invalidProp(scope, {
      prop,
      problem: 'has a `base` at more than one capacity provider, and ECS allows it at one',
      remedy: 'Keep it where the nodes are that should be there in any case',
    });
  }
  if (strategies.every(({ weight }) => weight === 0)) {
    throw invalidProp(scope, {
      prop,
      problem: 'has no capacity provider with a `weight`, so ECS could start nothing',
      remedy: 'Give one of them weight: 1',
    });
  }
  if (names.includes(SPOT) && !strategies.some(({ capacityProvider, base }) => capacityProvider !== SPOT && base)) {
    throw invalidProp(scope, {
      prop,
      problem:
        'has nothing but FARGATE_SPOT below a `base`, and AWS may take all such nodes at once, the one that upgrades among them',
      remedy: "Begin with nodes that stay: { capacityProvider: 'FARGATE', base: 2, weight: 0 }",
    });
  }
  return { onEc2: onFargate.length === 0, strategies };
}
