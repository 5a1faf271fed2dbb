/** Owns how check results become health: one decides from unknown, after that it takes several in a row to change it. */

export type CheckedHealth = 'healthy' | 'degraded' | 'unhealthy';

export interface RiseFall {
  /** Passes in a row that make an unhealthy endpoint healthy; default 2. */
  readonly rise: number;
  /** Failures in a row that make it unhealthy; default 2. */
  readonly fall: number;
}

export interface JudgedHealth {
  readonly health: CheckedHealth | 'unknown';
  /** Results in a row that speak against `health`. */
  readonly against: number;
}

export const unjudged: JudgedHealth = { health: 'unknown', against: 0 };

/**
 * The health after one more result. A passing endpoint says by itself whether it is degraded, so moving
 * between healthy and degraded takes one result.
 */
export function afterResult(
  judged: JudgedHealth,
  result: CheckedHealth,
  rules: RiseFall,
): JudgedHealth {
  const wasUp = judged.health === 'healthy' || judged.health === 'degraded';
  const isUp = result !== 'unhealthy';
  if (judged.health === 'unknown' || wasUp === isUp) return { health: result, against: 0 };
  const against = judged.against + 1;
  return against >= (isUp ? rules.rise : rules.fall)
    ? { health: result, against: 0 }
    : { health: judged.health, against };
}
