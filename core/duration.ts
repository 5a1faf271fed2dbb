/** Owns durations as people write them: `250ms`, `5s`, `2m`, `1h`. */
import { z } from 'zod';

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A whole or decimal number with a unit, such as `500ms` or `1.5s`; parses to milliseconds. At most 24 hours. */
export const durationSchema = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = match ? Math.round(Number(match[1]) * units[match[2] as keyof typeof units]) : NaN;
  if (ms <= 24 * units.h) return ms;
  context.addIssue({
    code: 'custom',
    message: match
      ? `${JSON.stringify(text)} is over 24h`
      : `${JSON.stringify(text.slice(0, 40))} is not a duration: write 250ms, 5s, 2m or 1h`,
  });
  return z.NEVER;
});

/** The same, kept as it was written; see `msOf`. */
export const durationTextSchema = z.string().superRefine((text, context) => {
  const { error } = durationSchema.safeParse(text);
  if (!error) return;
  // Whoever looks at more than this field wants it parsed.
  const message = error.issues[0]?.message ?? 'invalid';
  context.addIssue({ code: 'custom', message, continue: false });
});

/** Milliseconds of a duration that a schema here has let pass. */
export function msOf(duration: string): number {
  return durationSchema.parse(duration);
}
