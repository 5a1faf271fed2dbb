/** Owns the judgement whether it is this gateway's clock that is off, from how others' stand to it: pure. */
import type { ClusterName } from '../../../core/names.ts';
import type { ClockReading } from '../../../federation/time-of.ts';

/** The clock of another cluster's gateway, as this gateway read it. */
export interface ClusterClock extends ClockReading {
  readonly cluster: ClusterName;
}

/** How far this gateway's clock seems to be off. */
export interface Skew {
  /** How far it is ahead; negative: behind. */
  readonly aheadMs: number;
  /** The clusters that say so. */
  readonly by: readonly ClusterName[];
}

/**
 * The clocks of more than half of the other clusters are at least `leastMs` away to the same side, beyond what the round trips leave open: the
 * median of those. With one other cluster that may as well be the one whose clock is off.
 */
export function skewOf(readings: readonly ClusterClock[], leastMs: number): Skew | undefined {
  const clusters = Map.groupBy(readings, ({ cluster }) => cluster);
  const offsets = [...clusters.values()].map((own) => medianOf(own, ({ offsetMs }) => offsetMs));
  for (const side of [1, -1]) {
    const off = offsets.filter(({ offsetMs, errorMs }) => side * offsetMs - errorMs >= leastMs);
    if (2 * off.length <= offsets.length) continue;
    const { offsetMs } = medianOf(off, (one) => one.offsetMs);
    return { aheadMs: -Math.round(offsetMs), by: off.map(({ cluster }) => cluster).sort() };
  }
  return undefined;
}

/** Of an even number the lower one. */
function medianOf<T>(values: readonly T[], by: (value: T) => number): T {
  const sorted = values.toSorted((a, b) => by(a) - by(b));
  return sorted[Math.ceil(sorted.length / 2) - 1] as T;
}
