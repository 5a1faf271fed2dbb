/** Owns what ejections mean to a view: an ejected target is a host still, but neither healthy nor degraded. */
import type { ClusterName } from '../../../core/names.ts';
import type { BalanceView, Ejections, Group, Target } from './types.ts';

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

/** The targets of a view by their keys. */
export function targetsIn(view: BalanceView): Map<string, Target['kind']> {
  const targets = new Map<string, Target['kind']>();
  for (const cluster of view.remotes.keys()) targets.set(clusterKey(cluster), 'cluster');
  for (const { endpoints } of view.groups) {
    for (const { id } of endpoints ?? []) targets.set(endpointKey(id), 'endpoint');
  }
  return targets;
}

/** Ids of the own endpoints that are out by `after`, and were not by `before`. */
export function newlyEjected(
  { groups }: BalanceView,
  before: Ejections,
  after: Ejections,
): string[] {
  const isNew = (key: string) => after.has(key) && !before.has(key);
  return groups.flatMap(({ endpoints = [] }) =>
    endpoints.flatMap(({ id }) => (isNew(endpointKey(id)) ? [id] : [])),
  );
}
