/** Owns what ejections mean to a view: an ejected target is a host still, but neither healthy nor degraded. */
import type { ClusterName } from '../../../core/names.ts';
import type { BalanceView, Ejections, Group } from './types.ts';

/** Key of one endpoint of the caller's own cluster. */
export function endpointKey(id: string): string {
  return `endpoint/${id}`;
}

/** Key of another cluster as a whole. */
export function clusterKey(cluster: ClusterName): string {
  return `cluster/${cluster}`;
}

/** The view with the targets in `ejected` taken out; the very view when there are none. */
export function withEjections(view: BalanceView, ejected: Ejections): BalanceView {
  if (ejected.size === 0) return view;
  return {
    ...view,
    groups: view.groups.map((group) => withoutEjected(group, ejected)),
    remotes: new Map(
      [...view.remotes].map(([cluster, remote]) => {
        const cause = ejected.get(clusterKey(cluster));
        return [cluster, cause ? { ...remote, ejected: cause } : remote];
      }),
    ),
  };
}

function withoutEjected(group: Group, ejected: Ejections): Group {
  if (!group.endpoints?.some((endpoint) => ejected.has(endpointKey(endpoint.id)))) return group;
  let { healthy, degraded } = group;
  const endpoints = group.endpoints.map((endpoint) => {
    const cause = ejected.get(endpointKey(endpoint.id));
    if (endpoint.ejected || cause === undefined) return endpoint;
    if (endpoint.weight > 0 && endpoint.health === 'healthy') healthy--;
    if (endpoint.weight > 0 && endpoint.health === 'degraded') degraded--;
    return { ...endpoint, ejected: cause };
  });
  return { ...group, healthy: Math.max(0, healthy), degraded: Math.max(0, degraded), endpoints };
}
