/** Owns finding endpoints that did worse than their siblings over an interval (Envoy's success rate and failure percentage). */
import type { FailureInAnInterval, OutlierPolicy } from '../../../policy/traffic/outlier.ts';

/** What an endpoint was asked within the interval, and how much of it failed. */
interface Tally {
  readonly tries: number;
  readonly failures: number;
}

interface Found<T> {
  readonly one: T;
  readonly cause: FailureInAnInterval;
}

/**
 * The endpoints that are to be ejected, the worst first; each once, by its success rate before its failure percentage.
 * `chance` is whether what has so many percent comes true.
 */
export function foundOver<T extends Tally>(
  endpoints: readonly T[],
  policy: OutlierPolicy,
  chance: (percent: number) => boolean,
): Found<T>[] {
  const byRate = underTheMean(endpoints, policy).filter(() => chance(policy.enforcingSuccessRate));
  const byPercentage = overTheThreshold(endpoints, policy).filter(
    (one) => !byRate.includes(one) && chance(policy.enforcingFailurePercentage),
  );
  return [
    ...byRate.map((one) => ({ one, cause: 'successRate' as const })),
    ...byPercentage.map((one) => ({ one, cause: 'failurePercentage' as const })),
  ].sort((a, b) => successRate(a.one) - successRate(b.one));
}

/** Those whose success rate is under `mean - factor x standard deviation` of all that had enough tries. */
function underTheMean<T extends Tally>(endpoints: readonly T[], policy: OutlierPolicy): T[] {
  if (policy.enforcingSuccessRate === 0) return [];
  const compared = endpoints.filter(({ tries }) => tries >= policy.successRateRequestVolume);
  if (compared.length === 0 || compared.length < policy.successRateMinimumHosts) return [];
  const rates = compared.map(successRate);
  const mean = average(rates);
  const deviation = Math.sqrt(average(rates.map((rate) => (rate - mean) ** 2)));
  const least = mean - (policy.successRateStdevFactor / 1000) * deviation;
  return compared.filter((one) => successRate(one) < least);
}

function overTheThreshold<T extends Tally>(endpoints: readonly T[], policy: OutlierPolicy): T[] {
  if (policy.enforcingFailurePercentage === 0) return [];
  const compared = endpoints.filter(({ tries }) => tries >= policy.failurePercentageRequestVolume);
  if (compared.length < policy.failurePercentageMinimumHosts) return [];
  return compared.filter((one) => 100 - successRate(one) >= policy.failurePercentageThreshold);
}

/** Percent. */
function successRate({ tries, failures }: Tally): number {
  return (100 * (tries - failures)) / tries;
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
