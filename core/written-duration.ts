/** Owns how durations are written for people, apart from how they are read, which takes a schema that no worker has. */

const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** The shortest way to write so many milliseconds, 0 or more: 60000 is `1m`, 90000 is `90s`. */
export function writtenDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole === 0) return '0s';
  const [unit, length] = units.find(([, one]) => whole % one === 0) ?? ['ms', 1];
  return `${whole / length}${unit}`;
}
