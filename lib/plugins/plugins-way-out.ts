import type { WayOutNeed } from '../network/way-out';
import type { ClusterPluginsBinding } from './cluster-plugins';

/** What nodes need a way out for, to get their plug-ins. */
export function pluginsWayOut({ internet: what }: ClusterPluginsBinding): WayOutNeed[] {
  const remedy = 'Build an image that carries the plug-ins, and use ClusterPlugins.preinstalled()';
  return what === undefined ? [] : [{ prop: 'plugins', what, remedy }];
}
