/** Owns the what-if of a part of a cluster's copies: a view in which only so many of its healthy ones are healthy. */
import type { ClusterName } from '../../../core/names.ts';
import type { BalanceView } from './types.ts';

/** What is left of the healthy and degraded copies of a cluster, 0 to 1. */
export type Scale = ReadonlyMap<ClusterName, number>;

/** Parts of copies are kept: half of one healthy copy is as much as one of two. */
export function scaled(view: BalanceView, scale: Scale): BalanceView {
  if (scale.size === 0) return view;
  const groups = view.groups.map((group) => {
    const left = scale.get(group.cluster) ?? 1;
    return { ...group, healthy: group.healthy * left, degraded: group.degraded * left };
  });
  return { ...view, groups };
}
