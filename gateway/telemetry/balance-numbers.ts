/** Owns reading a balancing decision as numbers: what each tier of a service has, and carries. */
import { decide } from '../balance/decide.ts';
import { withEjections } from '../balance/ejections.ts';
import type { BalancePolicy, BalancerState, BalanceView, Caller, Tier } from '../balance/types.ts';
import type { BalanceNumbers } from './state-metrics.ts';

/** As the balancer that has learnt `state` decides; one for each tier and cluster. */
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
  if (kind === 'cluster') return Number(view.remotes.get(cluster)?.ejected ?? false);
  const endpoints = members.flatMap(({ group }) => group.endpoints ?? []);
  return endpoints.filter((endpoint) => endpoint.ejected).length;
}
