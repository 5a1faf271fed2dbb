/** Owns how hedging is written in a traffic policy. */
import { z } from 'zod';
import { msOf } from '../../core/duration.ts';
import { defaultHedge, type HedgePolicy } from './hedge.ts';
import { durationOf } from './written.ts';

export const hedgeSchema = z.strictObject({
  delay: durationOf(defaultHedge.delayMs).describe(
    'How long an answer is waited for before the request is sent to one more target, and before each further one; 0s: for ever',
  ),
  maxTries: z
    .int()
    .min(2)
    .max(5)
    .default(defaultHedge.maxTries)
    .describe('Most tries of a request that are under way at a time, the first included, 2 to 5'),
});

export function hedgeOf({ delay, maxTries }: z.output<typeof hedgeSchema>): HedgePolicy {
  return { delayMs: msOf(delay), maxTries };
}
