/** Owns how many copies are healthy, as it is known: what nobody can confirm counts as unknown, whatever it was. */
import type { Tone } from '../ui/tone.ts';
import { span } from './time.ts';

export interface Health {
  readonly total: number;
  /** Copies known to be healthy, and copies of which that isn't known. */
  readonly healthy: number;
  readonly unknown: number;
  /** Since when some are unknown, in milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** Copies in one place, as the API tells of them. */
interface Copies {
  readonly total: number;
  readonly healthy: number;
  readonly unknownSince?: number | undefined;
}

export function healthOf({ total, healthy, unknownSince: since }: Copies): Health {
  return since === undefined
    ? { total, healthy, unknown: 0 }
    : { total, healthy: 0, unknown: total, since };
}

/** Copies in several places together; unknown since the longest time of them. */
export function sumHealth(parts: readonly Health[]): Health {
  const sinces = parts.flatMap(({ since, unknown }) => (unknown > 0 ? (since ?? []) : []));
  return {
    total: parts.reduce((sum, { total }) => sum + total, 0),
    healthy: parts.reduce((sum, { healthy }) => sum + healthy, 0),
    unknown: parts.reduce((sum, { unknown }) => sum + unknown, 0),
    ...(sinces.length > 0 && { since: Math.min(...sinces) }),
  };
}

export function healthTone({ healthy, total, unknown }: Health): Tone {
  if (total === 0) return 'quiet';
  if (unknown > 0) return 'warn';
  if (healthy === 0) return 'bad';
  return healthy < total ? 'warn' : 'ok';
}

/** `unknown for 5 min`, `3 unknown for 5 min`; undefined when all is known. */
export function unknownWords({ total, unknown, since }: Health, now: number): string | undefined {
  if (unknown === 0) return undefined;
  const age = since === undefined ? '' : ` for ${span(now - since)}`;
  return unknown === total ? `unknown${age}` : `${unknown} unknown${age}`;
}

/** The line beneath a figure of healthy copies. */
export function withUnknown(note: string, { unknown }: Health): string {
  return unknown === 0 ? note : `${note}; ${unknown} unknown`;
}
