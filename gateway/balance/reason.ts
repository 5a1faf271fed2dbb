/** Owns why a tier carries what it carries, as one sentence for a person. */
import type { GovernedTier } from './failback.ts';
import type { TierLoad } from './tier-load.ts';
import type { Outage, RankedTier } from './tiers.ts';
import type { BalancePolicy } from './types.ts';

const outages: Record<Outage, string> = {
  without: 'excluded by --without',
  down: 'carries nothing: link is down',
  connecting: 'carries nothing: link is still connecting',
  none: 'carries nothing: there is no link',
  ejected: 'carries nothing: ejected after failures in a row',
};

/** The sentence for `tiers[index]`, whose loads are the ones in force. */
export function reasonOf(
  tiers: readonly (RankedTier & TierLoad)[],
  index: number,
  policy: BalancePolicy,
  governed: GovernedTier | undefined,
): string {
  const tier = tiers[index];
  if (tier === undefined) return '';
  const load = tier.healthyLoad + tier.degradedLoad;
  const above = tiers
    .slice(0, index)
    .reduce((sum, better) => sum + better.healthyLoad + better.degradedLoad, 0);
  if (tier.outage && !(tier.panic && load > 0)) return outages[tier.outage];
  return (
    sentence(tier, load, above, index, policy, governed) + (tier.remote?.stale ? staleNote : '')
  );
}

const staleNote = '; its records are stale, its link is alive';

function sentence(
  tier: RankedTier & TierLoad,
  load: number,
  above: number,
  index: number,
  policy: BalancePolicy,
  governed: GovernedTier | undefined,
): string {
  const health = healthText(tier);
  if (tier.panic && load > 0) {
    return `panic: ${health} is under ${policy.panicThreshold} %, so all its hosts are used`;
  }
  if (governed && load < governed.target) {
    if (governed.state.kind === 'holding') {
      return `holding: able to carry ${governed.target} % again, keeps ${load} % until it has stayed able`;
    }
    return `ramping back: ${load} % of ${governed.target} %`;
  }
  if (governed && load > governed.target) {
    return `still carries ${load} %: load returns to better tiers step by step`;
  }
  if (load === 100) return `carries all: ${health}`;
  const cover = `${index === 1 ? 'tier' : 'tiers'} above ${index === 1 ? 'covers' : 'cover'}`;
  if (load > 0 && above > 0) return `spill: ${cover} ${above} %`;
  if (load > 0) return `carries ${load} %: ${health}`;
  if (above === 100 && tier.healthy + tier.degraded > 0) return `standby: ${cover} 100 %`;
  return `carries nothing: ${health}`;
}

/** `2 of 3 healthy`, with degraded ones when there are any. */
export function healthText(counts: {
  readonly total: number;
  readonly excluded: number;
  readonly healthy: number;
  readonly degraded: number;
}): string {
  const { healthy, degraded } = counts;
  const hosts = counts.total - counts.excluded;
  return degraded === 0
    ? `${healthy} of ${hosts} healthy`
    : `${healthy} healthy and ${degraded} degraded of ${hosts}`;
}
