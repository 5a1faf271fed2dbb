/** Owns the what-if of health: the loads a decision would give if clusters were as healthy as imagined, by the formula that routes. */

import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { type TierCounts, tierLoads } from '../../../../gateway/data/balance/tier-load.ts';

export interface ImaginedTier {
  /** Percent of all requests. */
  readonly load: number;
  readonly healthy: number;
}

const nothing: TierCounts = { total: 0, healthy: 0, degraded: 0, excluded: 0 };

/**
 * `health` is the percentage of a cluster's hosts imagined healthy. A tier of a cluster that is left out, or
 * that no link leads to, counts for nothing, as in `balance/decide.ts`.
 */
export function imagine(
  explanation: ExplainAnswer,
  health: ReadonlyMap<string, number>,
): ImaginedTier[] {
  const { tiers, candidates, policy, without } = explanation;
  const imagined = tiers.map((tier) => withHealth(tier, health.get(tier.cluster)));
  const out = tiers.map(({ cluster }) => without.includes(cluster));
  const reachable = tiers.map((tier, i) => !out[i] && isReachable(i, tier.kind));
  const someReachable = reachable.some(Boolean);
  const counts = imagined.map((tier, i) =>
    !out[i] && (reachable[i] || !someReachable) ? tier : nothing,
  );
  const loads = tierLoads(counts, policy);
  return imagined.map(({ healthy }, i) => ({
    load: (loads[i]?.healthyLoad ?? 0) + (loads[i]?.degradedLoad ?? 0),
    healthy,
  }));

  function isReachable(index: number, kind: string): boolean {
    if (kind !== 'cluster') return true;
    return candidates.some(({ tier, link }) => tier === index && link === 'up');
  }
}

function withHealth(tier: TierCounts, percent: number | undefined): TierCounts {
  if (percent === undefined) return tier;
  const hosts = tier.total - tier.excluded;
  const healthy = Math.round((hosts * percent) / 100);
  return { ...tier, healthy, degraded: Math.min(tier.degraded, hosts - healthy) };
}

/** `dc1:50,dc2:0` */
export function parseHealth(text: string | undefined): Map<string, number> {
  const health = new Map<string, number>();
  for (const part of (text ?? '').split(',')) {
    const [cluster = '', percent = ''] = part.split(':');
    const value = Number(percent);
    if (cluster !== '' && percent !== '' && value >= 0 && value <= 100) health.set(cluster, value);
  }
  return health;
}

export function formatHealth(health: ReadonlyMap<string, number>): string {
  return [...health].map(([cluster, percent]) => `${cluster}:${percent}`).join(',');
}
