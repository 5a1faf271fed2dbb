/** Owns how it is written what is tried again, and what gateways understand by it. */
import { z } from 'zod';
import { durationTextSchema, msOf } from '../../core/duration.ts';
import { writtenDuration } from '../../core/written-duration.ts';
import { defaultRetry, type RetryPolicy, retryBudgets, retryConditions } from './retry.ts';

function durationOf(ms: number) {
  return durationTextSchema.default(writtenDuration(ms));
}

export const writtenRetrySchema = z.strictObject({
  maxTries: z
    .int()
    .min(1)
    .max(10)
    .default(defaultRetry.maxTries)
    .describe('Most tries of one request, the first included'),
  on: z
    .array(z.enum(retryConditions))
    .max(retryConditions.length)
    .default([...defaultRetry.on])
    .describe("What is tried again, by Envoy's names; nothing where it is empty"),
  statuses: z
    .array(z.int().min(400).max(599))
    .max(16)
    .default([...defaultRetry.statuses])
    .describe('Answers, 400 to 599, that retriable-status-codes means'),
  backoff: z
    .strictObject({
      base: durationOf(defaultRetry.backoff.baseMs).describe(
        'Most pause before the first retry; three times as much before the second, then seven times; 0s: none',
      ),
      max: durationOf(defaultRetry.backoff.maxMs).describe('Most pause before any retry'),
    })
    .prefault({})
    .describe('How long is waited before a retry, at random up to so much'),
  retryAfter: durationOf(defaultRetry.retryAfterMs).describe(
    'The longest Retry-After that is waited for: an answer that asks for more is final; 0s: it is not heeded',
  ),
  budget: z
    .enum(retryBudgets)
    .default(defaultRetry.budget)
    .describe('Whether retries are counted against recent requests or against active ones'),
  budgetPercent: z
    .number()
    .min(0)
    .max(100)
    .default(defaultRetry.budgetPercent)
    .describe(
      'Retries allowed, in percent of the requests of the last ten seconds, or of those in flight',
    ),
  minPerSecond: z
    .number()
    .min(0)
    .max(10_000)
    .default(defaultRetry.minPerSecond)
    .describe('Retries a second that are allowed whatever the traffic, by recent requests'),
  minConcurrent: z
    .int()
    .min(0)
    .max(10_000)
    .default(defaultRetry.minConcurrent)
    .describe('Retries at a time that are allowed whatever the traffic, by active requests'),
  stay: z
    .enum(['anywhere', 'datacenter'])
    .default(defaultRetry.stay)
    .describe('Where retries may go: anywhere, or only to the cluster of the first try'),
  nonIdempotent: z
    .boolean()
    .default(defaultRetry.nonIdempotent)
    .describe(
      'Whether requests that do harm twice, such as POST, are tried again also when they may have arrived',
    ),
});

export function retryOf(written: z.output<typeof writtenRetrySchema>): RetryPolicy {
  const { backoff, retryAfter, ...same } = written;
  return {
    ...same,
    backoff: { baseMs: msOf(backoff.base), maxMs: msOf(backoff.max) },
    retryAfterMs: msOf(retryAfter),
  };
}
