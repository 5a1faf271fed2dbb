/** Owns how a span of time that is not known exactly is said to a person: in one unit. */

/** `12 ms`, `90 s`, `10 minutes`, `40.0 h`, `12 days`; what is below none is none. */
export function roughSpan(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * 3600_000) return `${Math.round(ms / 60_000)} minutes`;
  const hours = ms / 3600_000;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${Math.floor(hours / 24)} days`;
}
