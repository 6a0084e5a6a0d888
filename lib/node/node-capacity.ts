import { Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Dependable, type IConstruct, type IDependable } from 'constructs';
import { referredResource, resources } from '../app-resources';
import { identityOf } from '../identity';
import { invalidProp } from '../invalid-prop';
import { areTogether } from '../same-region';

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
  const isList = Array.isArray(strategies) && strategies.every((each) => typeof each?.capacityProvider === 'string');
  if (!isList) {
    throw invalidProp(scope, {
      prop,
      problem: 'must be a list of objects that have a `capacityProvider` each',
      remedy: "Write e.g. [{ capacityProvider: 'FARGATE', weight: 1 }]",
    });
  }
  const names = strategies.map(({ capacityProvider }) => capacityProvider);
  if (names.length === 0) {
    throw invalidProp(scope, {
      prop,
      problem: 'names no capacity provider',
      remedy: 'Leave it out for Fargate',
    });
  }
  if (new Set(names.map(nameOf)).size < names.length) {
    throw invalidProp(scope, {
      prop,
      problem: `names a capacity provider twice: ${names.map(readable).join(', ')}`,
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
  for (const { capacityProvider, ...numbers } of strategies) {
    for (const [name, most] of [
      ['weight', 1000],
      ['base', 100_000],
    ] as const) {
      const value = numbers[name] ?? 0;
      if (!Token.isUnresolved(value) && !(Number.isInteger(value) && value >= 0 && value <= most)) {
        throw invalidProp(scope, {
          prop,
          problem: `has ${name} ${value} for ${readable(capacityProvider)}, which must be a whole number between 0 and ${most}`,
          remedy: 'A weight is a share of the nodes, a base how many come first',
        });
      }
    }
  }
  if (strategies.filter(({ base }) => (base ?? 0) > 0).length > 1) {
    throw invalidProp(scope, {
      prop,
      problem: 'has a `base` at more than one capacity provider, and ECS allows it at one',
      remedy: 'Keep it where the nodes are that should be there in any case',
    });
  }
  if (strategies.every(({ weight }) => (weight ?? 0) === 0)) {
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

/**
 * What gives an ECS cluster of the app its capacity providers. ECS places
 * nothing by one that is not there yet, nor takes one away that nodes are on.
 */
export function associationsOf(cluster: ecs.ICluster): IDependable {
  const associations = {};
  Dependable.implement(associations, {
    // CDK makes it at the very end.
    get dependencyRoots() {
      return findAssociations(cluster);
    },
  });
  return associations;
}

/** What an ECS cluster of the app would have to be given for nodes to be placed; known at the very end. */
export function checkAssociations(scope: IConstruct, cluster: ecs.ICluster, capacity: NodeCapacity): string[] {
  const resource = referredResource(cluster.clusterName);
  if (!ecs.CfnCluster.isCfnCluster(resource)) return [];
  const prop = 'ecsCluster';
  if (capacity.onEc2 && !cluster.hasEc2Capacity) {
    const details = {
      prop,
      problem: `${cluster.node.path} was given no instances, and \`capacityProviderStrategies\` names some`,
      remedy:
        'Call addAsgCapacityProvider() on it, for each of them; where CfnClusterCapacityProviderAssociations gives it some, import it as one that has them: Cluster.fromClusterAttributes(this, id, { clusterName: ecsCluster.clusterName, vpc })',
    };
    return [invalidProp(scope, details).message];
  }
  const lists = [
    resource.capacityProviders ?? [],
    ...findAssociations(cluster).map(({ capacityProviders }) => capacityProviders ?? []),
  ];
  if (lists.some(Token.isUnresolved)) return [];
  const given = lists.flat().map(nameOf);
  const missing = (capacity.strategies ?? [])
    .map(({ capacityProvider }) => capacityProvider)
    .filter((name) => FARGATE.includes(name) || providerOf(name))
    .find((name) => !given.includes(nameOf(name)));
  if (missing === undefined) return [];
  const provider = providerOf(missing);
  const details = {
    prop,
    problem: `${cluster.node.path} has no capacity provider ${provider?.node.path ?? missing}, which \`capacityProviderStrategies\` names`,
    remedy: provider
      ? 'Call addAsgCapacityProvider() on the ECS cluster'
      : 'Give it those of Fargate: enableFargateCapacityProviders: true',
  };
  return [invalidProp(scope, details).message];
}

function readable(name: string): string {
  return providerOf(name)?.node.path ?? (Token.isUnresolved(name) ? 'a token' : name);
}

function providerOf(name: string): ecs.CfnCapacityProvider | undefined {
  const resource = referredResource(name);
  return ecs.CfnCapacityProvider.isCfnCapacityProvider(resource) ? resource : undefined;
}

/** One that is made here may be named by what it was called, or by a reference. */
function nameOf(capacityProvider: string): string {
  return providerOf(capacityProvider)?.name ?? capacityProvider;
}

function findAssociations(cluster: ecs.ICluster): ecs.CfnClusterCapacityProviderAssociations[] {
  const resource = referredResource(cluster.clusterName);
  const made = ecs.CfnCluster.isCfnCluster(resource) ? resource : undefined;
  const names = [cluster.clusterName, made?.clusterName].flatMap((name) =>
    name === undefined ? [] : [identityOf(cluster, name)],
  );
  return resources(cluster, ecs.CfnClusterCapacityProviderAssociations.isCfnClusterCapacityProviderAssociations)
    .filter((other) => areTogether(other, cluster))
    .filter(
      ({ node, cluster: name }) =>
        (made && referredResource(name) === made) || names.includes(identityOf(node.scope!, name)),
    );
}
