/** Owns reading a balancing decision as numbers: what each tier of a service has, and carries. */
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import { decide } from '../../data/balance/decide.ts';
import { withEjections } from '../../data/balance/ejections.ts';
import type { BalancerState, BalanceView, Caller, Tier } from '../../data/balance/types.ts';
import type { BalanceNumbers } from './state-metrics.ts';

/** The numbers of each tier and cluster, as a balancer that has learnt `state` decides. */
export function balanceNumbers(
  view: BalanceView,
  caller: Caller,
  policy: BalancePolicy,
  { ejected, governedLoads }: BalancerState,
): BalanceNumbers[] {
  const seen = withEjections(view, ejected);
  return decide(seen, caller, policy, { governedLoads }).tiers.map((tier) => ({
    service: view.service,
    cluster: tier.cluster,
    tier: tier.kind,
    load: tier.healthyLoad + tier.degradedLoad,
    healthy: tier.healthy,
    total: tier.total,
    ejected: ejectedOf(tier, seen),
  }));
}

function ejectedOf({ kind, cluster, members }: Tier, view: BalanceView): number {
  if (kind === 'cluster') return view.remotes.get(cluster)?.ejected === undefined ? 0 : 1;
  const endpoints = members.flatMap(({ group }) => group.endpoints ?? []);
  return endpoints.filter(({ ejected }) => ejected !== undefined).length;
}
