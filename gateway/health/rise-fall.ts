/** Owns how check results become health: one decides from unknown, after that it takes several in a row to change it. */

export type CheckedHealth = 'healthy' | 'degraded' | 'unhealthy';

export interface RiseFall {
  /** Passes in a row that make an unhealthy endpoint healthy; default 2. */
  readonly rise: number;
  /** Failures in a row that make it unhealthy; default 2. */
  readonly fall: number;
}

export interface Standing {
  readonly health: CheckedHealth | 'unknown';
  /** Results in a row that speak against `health`. */
  readonly against: number;
}

export const unknownStanding: Standing = { health: 'unknown', against: 0 };

/**
 * The standing after one more result. A passing endpoint says by itself whether it is degraded, so moving
 * between healthy and degraded takes one result.
 */
export function afterResult(standing: Standing, result: CheckedHealth, rules: RiseFall): Standing {
  const wasUp = standing.health === 'healthy' || standing.health === 'degraded';
  const isUp = result !== 'unhealthy';
  if (standing.health === 'unknown' || wasUp === isUp) return { health: result, against: 0 };
  const against = standing.against + 1;
  return against >= (isUp ? rules.rise : rules.fall)
    ? { health: result, against: 0 }
    : { health: standing.health, against };
}
