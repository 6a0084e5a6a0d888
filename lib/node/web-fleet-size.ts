import type { IConstruct } from 'constructs';
import { invalidProp, whole } from '../invalid-prop';
import type { WebProps } from './web-props';
import type { FleetSize } from './worker-id-budget';

/** The size of the web fleet with its defaults, or an error about what cannot be. */
export function webFleetSize(scope: IConstruct, web: WebProps = {}, clustered: boolean): FleetSize {
  const smallest = clustered ? 2 : 1;
  const minNodes = whole(scope, 'web.minNodes', web.minNodes ?? smallest, 1);
  const maxNodes = whole(scope, 'web.maxNodes', web.maxNodes ?? (clustered ? Math.max(4, minNodes) : 1), 1);
  const processes = whole(scope, 'web.processes', web.processes ?? 1, 1);

  if (clustered && minNodes < 2) {
    throw invalidProp(scope, {
      prop: 'web.minNodes',
      problem: `must be at least 2, got: ${minNodes}`,
      remedy: 'The cluster guide asks for two nodes or more; for one node use ClusterPlugins.pending()',
    });
  }
  if (!clustered) {
    refuseSizesWhilePending(scope, web);
  }
  if (minNodes > maxNodes) {
    throw invalidProp(scope, {
      prop: 'web.minNodes',
      problem: `${minNodes} is more than \`web.maxNodes\`, ${maxNodes}`,
      remedy: 'Raise `maxNodes` or lower `minNodes`',
    });
  }
  const maximumPercent =
    web.maximumPercent === undefined ? undefined : whole(scope, 'web.maximumPercent', web.maximumPercent, 100, 200);
  return { prop: 'web', minNodes, maxNodes, processes, maximumPercent };
}

function refuseSizesWhilePending(scope: IConstruct, web: WebProps) {
  const only = { minNodes: 1, maxNodes: 1, processes: 1, maximumPercent: 100 };
  for (const [name, value] of Object.entries(only)) {
    const given = web[name as keyof typeof only];
    if (given !== undefined && given !== value) {
      throw invalidProp(scope, {
        prop: `web.${name}`,
        problem: `must be ${value} while the plug-ins are pending, got: ${given}`,
        remedy:
          'Without the cluster adapters nodes drift apart: leave the sizes of `web` out until ClusterPlugins.licensed(...)',
      });
    }
  }
}
