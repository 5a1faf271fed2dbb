/** Owns the policy by which requests beyond a rate are refused: how it is written, and what gateways understand by it. */
import { z } from 'zod';
import { durationTextSchema, msOf } from '../core/duration.ts';
import { labelSchema } from '../registry/model.ts';
import { token } from './field-name.ts';

/** What tells the requests apart that have a bucket of their own each. */
export type RateKey =
  /** The client's address, as the gateway saw it that the client asked. */
  | { readonly by: 'source' }
  /** The cluster whose client asks. */
  | { readonly by: 'cluster' }
  /** The value of a field; all requests without it count as having an empty one. */
  | { readonly by: 'header'; readonly name: string }
  /** What a claim of the verified token says; all requests without it count as saying nothing. */
  | { readonly by: 'claim'; readonly path: readonly string[] };

/** A token bucket, of the form of RFC 2697's: `burst` tokens, of which `requests` come back in `perMs`. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
  /** One bucket for each combination of their values; none: one for all. */
  readonly keys: readonly RateKey[];
  /** Whether the gateways of the federation tell each other what they let through. */
  readonly isShared: boolean;
  readonly tells: (typeof tellings)[number];
  /** Whether requests are only counted that it would refuse. */
  readonly dryRun: boolean;
}

const tellings = ['always', 'refused', 'never'] as const;

const keySchema = z.union(
  [
    z.literal('source'),
    z.literal('cluster'),
    z.strictObject({ header: token.describe('Name of the field whose values are told apart') }),
    z.strictObject({
      claim: z
        .string()
        .min(1)
        .max(256)
        .describe(
          'Claim of the verified token whose values are told apart, with dots between names that lead to it',
        ),
    }),
  ],
  { error: 'use source, cluster, or header or claim with a name' },
);

export const writtenRateLimitSchema = z.strictObject({
  target: z
    .strictObject({
      service: labelSchema
        .optional()
        .describe(
          "A service of the policy's namespace; without one it is for all of them, each by itself",
        ),
      named: z
        .boolean()
        .default(false)
        .describe(
          'Whether it is only for requests of rules of Routes that name it (rateLimit), those of all together',
        ),
    })
    .refine(({ service, named }) => service === undefined || !named, {
      path: ['named'],
      message: 'say service or named: rules that name it say which services',
    })
    .prefault({})
    .describe('The requests that it is for'),
  requests: z.int().min(1).max(1_000_000_000).describe('How many requests may pass in `per`'),
  per: durationTextSchema
    .refine((text) => msOf(text) > 0, 'use a time over 0')
    .default('1s')
    .describe('The time in which so many come back; at most 24h'),
  burst: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('How many may pass at once after a rest; without it as many as `requests`'),
  key: z
    .array(keySchema)
    .max(8)
    .default([])
    .describe(
      "What tells requests apart, each of which has the whole rate: `source` (the client's address, as the gateway saw it that the client asked), `cluster` (whose client asks), a field by its name, or a claim of the token that an Authentication has verified; those without the field or the claim share a bucket. Without any all share one",
    ),
  shared: z
    .boolean()
    .default(false)
    .describe(
      'Whether gateways charge each other what they let through: those of the cluster, or for a policy of the federation of all clusters; else each counts by itself',
    ),
  tell: z
    .enum(tellings)
    .default('always')
    .describe(
      'Which answers say in RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) what is left',
    ),
  dryRun: z
    .boolean()
    .default(false)
    .describe('Whether requests that it would refuse are counted (`would-limit`), and pass'),
});

export function rateLimitOf(written: z.output<typeof writtenRateLimitSchema>): RateLimit {
  const { requests, per, burst = requests, key, shared, tell, dryRun } = written;
  return {
    ...{ requests, perMs: msOf(per), burst, dryRun },
    keys: key.map(keyOf),
    isShared: shared,
    tells: tell,
  };
}

function keyOf(written: z.output<typeof keySchema>): RateKey {
  if (typeof written === 'string') return { by: written };
  if ('claim' in written) return { by: 'claim', path: written.claim.split('.') };
  return { by: 'header', name: written.header.toLowerCase() };
}
