/** Owns durations as other systems write them, in the words of ours. */
import { writtenDuration } from '../../core/written-duration.ts';

const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};
const mostMs = 24 * 3_600_000;

/** Of Go: `1h30m`, `0.5s`; a bare number is of nanoseconds. Undefined for what is none, or over 24 hours. Less than a millisecond is one. */
export function goDuration(value: unknown): string | undefined {
  if (typeof value === 'number') return ofMs(value / 1e6);
  if (typeof value !== 'string') return undefined;
  if (value === '0') return '0s';
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+$/.test(value)) return undefined;
  let ms = 0;
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)) {
    ms += Number(number) * (units[unit ?? ''] ?? 0);
  }
  return ofMs(ms);
}

/** Of App Mesh: `{ unit: s, value: 5 }`. */
export function unitDuration(value: unknown): string | undefined {
  const { unit, value: number } = (value ?? {}) as { unit?: unknown; value?: unknown };
  if (typeof number !== 'number' || (unit !== 's' && unit !== 'ms')) return undefined;
  return ofMs(number * (unit === 's' ? 1000 : 1));
}

/** Undefined for what is over 24 hours. */
export function ofMs(ms: number): string | undefined {
  if (!(ms >= 0) || ms > mostMs) return undefined;
  return writtenDuration(ms === 0 ? 0 : Math.max(1, ms));
}
