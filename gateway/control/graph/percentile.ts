/** Owns reading percentiles off a latency histogram. */

/**
 * The latency that `share` (0 to 1) of the counted requests took at most, linear within its bucket, as Prometheus's
 * `histogram_quantile` has it; the last bound for what lies beyond. Undefined when nothing was counted.
 */
export function percentile(
  counts: readonly number[],
  boundsMs: readonly number[],
  share: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (const [i, upper] of boundsMs.entries()) {
    const inBucket = counts[i] ?? 0;
    if (below + inBucket >= rank && inBucket > 0) {
      const lower = boundsMs[i - 1] ?? 0;
      return lower + (upper - lower) * ((rank - below) / inBucket);
    }
    below += inBucket;
  }
  return boundsMs.at(-1);
}

/** The same counts under other bounds: each bucket goes where its upper bound lies, so that nothing looks faster than it was. */
export function rebucket(
  counts: readonly number[],
  fromMs: readonly number[],
  toMs: readonly number[],
): number[] {
  const moved = new Array<number>(toMs.length + 1).fill(0);
  for (const [i, count] of counts.entries()) {
    const upper = fromMs[i] ?? Infinity;
    const at = toMs.findIndex((bound) => upper <= bound);
    const to = at === -1 ? toMs.length : at;
    moved[to] = (moved[to] ?? 0) + count;
  }
  return moved;
}
