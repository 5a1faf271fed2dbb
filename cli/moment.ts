/** Owns moments as people write them on the command line: a date and time, or how long ago it was. */
import { IsthmusError } from '../core/errors.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `2026-11-29T20:00:00Z`, `2026-11-29 20:00`, `90m`, `7d` (before `now`), in wall milliseconds. Throws USAGE. */
export function readMoment(option: string, text: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  if (ago) return Math.max(0, now - Number(ago[1]) * units[ago[2] as keyof typeof units]);
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new IsthmusError('USAGE', {
    what: `${option} can't be ${JSON.stringify(text)}`,
    fix: 'Write a moment, 2026-11-29T20:00:00Z, or how long ago it was: 90s, 30m, 2h, 7d.',
  });
}

/** The same, or a revision of the registry (a whole number), as the admin API takes it. Throws USAGE. */
export function momentText(option: string, text: string, now: number): string {
  return /^\d+$/.test(text) ? text : new Date(readMoment(option, text, now)).toISOString();
}
