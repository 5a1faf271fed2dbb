/** Owns what the parts of a written traffic policy have in common. */
import { z } from 'zod';
import { durationTextSchema, msOf } from '../../core/duration.ts';
import { writtenDuration } from '../../core/written-duration.ts';

export const percent = z.number().min(0).max(100);

/** A duration as text, so that it reads back as it was given; default `ms`. One that is not `allowed` is told to be `range`. */
export function durationOf(
  ms: number,
  range = '',
  allowed: (ms: number) => boolean = () => true,
): z.ZodDefault<z.ZodType<string, string>> {
  return durationTextSchema
    .refine((text) => allowed(msOf(text)), `use ${range}`)
    .default(writtenDuration(ms));
}
