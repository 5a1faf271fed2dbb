/** Owns the shape of a balancing decision written out: what `explain` answers with. */

import { z } from 'zod';
import { algorithms } from '../../../../policy/traffic-policy.ts';
import { count, list, milliseconds, named, object } from './shape.ts';

const percent = z.number().min(0).max(100);
const place = { cluster: z.string(), region: z.string(), zone: z.string() };

const policySchema = named('BalancePolicy', 'How a service is balanced', {
  overprovisioningFactor: z.number(),
  panicThreshold: percent,
  algorithm: z.enum(algorithms),
  hash: z.union([
    object({ by: z.literal('source') }),
    object({ by: z.enum(['header', 'cookie', 'query']), name: z.string() }),
  ]),
  clusterOrder: list(z.string()),
  failback: object({ holdMs: milliseconds, rampMs: milliseconds }),
  outlier: object({
    consecutive5xx: count,
    consecutiveGatewayFailure: count,
    consecutiveLocalOriginFailure: count,
    splitExternalLocalOriginErrors: z.boolean(),
    baseEjectionMs: milliseconds,
    maxEjectionMs: milliseconds,
    maxEjectedPercent: percent,
  }),
  retry: object({
    maxTries: count,
    statuses: list(count),
    budgetPercent: percent,
    minPerSecond: z.number(),
  }),
});

const tierSchema = object({
  kind: z.enum(['zone', 'region', 'cluster']),
  name: z.string(),
  cluster: z.string(),
  total: count,
  healthy: count,
  degraded: count,
  excluded: count,
  healthyLoad: percent,
  degradedLoad: percent,
  panic: z.boolean(),
  reason: z.string(),
});

const candidateSchema = object({
  ...place,
  endpoint: z.string().optional(),
  address: z.string().optional(),
  /** Index into `tiers`. */
  tier: count,
  tierName: z.string(),
  /** Percent of all requests. */
  share: percent,
  rttMs: milliseconds.nullable(),
  health: z.string(),
  /** What the endpoint's last check said; where this gateway knows. */
  check: z.string().optional(),
  ejected: z.boolean(),
  link: z.enum(['up', 'suspect', 'connecting', 'down', 'none']).nullable(),
  stale: z.boolean(),
  reason: z.string(),
});

export const explanationSchema = named('Explanation', 'Where requests go, and why', {
  service: z.string(),
  caller: object(place),
  policy: policySchema,
  /** Clusters imagined lost. */
  without: list(z.string()),
  tiers: list(tierSchema),
  candidates: list(candidateSchema),
  notes: list(z.string()),
});
