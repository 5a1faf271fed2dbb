/** Owns the shape of a balancing decision written out: what `explain` answers with. */

import { z } from 'zod';
import { algorithms } from '../../../../policy/traffic/algorithms.ts';
import { retryBudgets, retryConditions } from '../../../../policy/traffic/retry.ts';
import { clusterOrders, failovers, zoneRoutings } from '../../../../policy/traffic/tiers.ts';
import { count, list, milliseconds, named, object } from './shape.ts';

const percent = z.number().min(0).max(100);
const place = {
  cluster: z.string().describe('Cluster'),
  region: z.string().describe('Region'),
  zone: z.string().describe('Zone'),
};

const policySchema = named('BalancePolicy', 'How a service is balanced', {
  overprovisioningFactor: z
    .number()
    .describe(
      'How much of its load a tier still carries: at 1.4 all of it until less than 71 % is healthy',
    ),
  panicThreshold: percent.describe(
    'Percent of healthy copies under which a tier uses all of its copies',
  ),
  algorithm: z.enum(algorithms).describe('How one copy of a tier is chosen'),
  hash: z
    .union([
      object({ by: z.literal('source').describe('What is hashed') }),
      object({
        by: z.enum(['header', 'cookie', 'query']).describe('What is hashed'),
        name: z.string().describe('Name of the header, cookie or query parameter'),
      }),
    ])
    .describe('What hashing algorithms choose by'),
  leastRequest: object({
    activeRequestBias: z
      .number()
      .describe('Where weights differ, turns go by weight / (requests in flight + 1)^bias'),
  }).describe('What least-request goes by'),
  ringHash: object({
    minimumRingSize: count.describe('Least points; 0: 160 for each endpoint, and 1024 at least'),
    maximumRingSize: count.describe('Most points'),
  }).describe('How ring-hash fills its ring'),
  maglev: object({ tableSize: count.describe('Places in the table') }).describe(
    'How maglev fills its table',
  ),
  slowStart: object({
    windowMs: milliseconds.describe('Milliseconds that an endpoint takes to get all of its share'),
    aggression: z.number().describe('Over 1 the share grows faster at first, under 1 later'),
    minWeightPercent: percent.describe('Least part of its weight'),
  }).describe('How a new endpoint gets its share'),
  affinity: z
    .union([
      object({
        by: z.literal('cookie').describe('What brings the token'),
        name: z.string().describe('Name of the cookie'),
        ttlMs: milliseconds.describe('Milliseconds for which it is kept; 0: a session'),
        path: z.string().describe('Path below which it is sent'),
        failover: z.boolean().describe('Whether clients go elsewhere meanwhile'),
      }),
      object({
        by: z.literal('header').describe('What brings the token'),
        name: z.string().describe('Name of the field'),
        failover: z.boolean().describe('Whether clients go elsewhere meanwhile'),
      }),
    ])
    .optional()
    .describe('How a client comes back to the endpoint that answered it; absent: it does not'),
  order: z.enum(clusterOrders).describe('How other clusters are ordered'),
  clusterOrder: list(z.string()).describe('Clusters that are preferred to others, in this order'),
  costs: list(
    object({
      from: z.string().optional().describe('Cluster whose clients ask; absent: any'),
      to: z.string().describe('Cluster that answers'),
      perGb: z.number().describe('Price of a GB'),
    }),
  ).describe('Prices between clusters'),
  clusterWeights: list(
    object({
      cluster: z.string().describe('Cluster'),
      weight: z.number().describe('Its share, relative to the others'),
    }),
  ).describe('Clusters that are one tier together'),
  failover: z.enum(failovers).describe('When a tier leaves load to the next'),
  zones: z.enum(zoneRoutings).describe('What a zone keeps of what its gateways are asked'),
  failback: object({
    holdMs: milliseconds.describe(
      'Milliseconds that a better tier must stay able before load returns to it',
    ),
    rampMs: milliseconds.describe('Milliseconds that its share takes from nothing to all'),
  }).describe('How load returns to copies that are well again'),
  outlier: object({
    consecutive5xx: count.describe('Answers of 500 to 599, or none, in a row that eject; 0: never'),
    consecutiveGatewayFailure: count.describe(
      'Answers of 502, 503 or 504, or none, in a row that eject; 0: never',
    ),
    consecutiveLocalOriginFailure: count.describe(
      'Tries without a whole answer in a row that eject, where they are counted apart; 0: never',
    ),
    splitExternalLocalOriginErrors: z
      .boolean()
      .describe('Whether tries without an answer are counted apart from the others'),
    intervalMs: milliseconds.describe('Milliseconds over which endpoints are compared'),
    enforcingSuccessRate: percent.describe(
      'Chance of being ejected for a success rate far under the mean; 0: never',
    ),
    successRateMinimumHosts: count.describe('Endpoints without which none is compared'),
    successRateRequestVolume: count.describe('Requests of an interval from which one is compared'),
    successRateStdevFactor: count.describe(
      'Thousandths of a standard deviation that a success rate may be under the mean',
    ),
    enforcingFailurePercentage: percent.describe(
      'Chance of being ejected for failing more often than the threshold; 0: never',
    ),
    failurePercentageThreshold: count.describe('Failures that eject, in percent'),
    failurePercentageMinimumHosts: count.describe('Endpoints without which none is looked at'),
    failurePercentageRequestVolume: count.describe(
      'Requests of an interval from which one is looked at',
    ),
    baseEjectionMs: milliseconds.describe(
      'Milliseconds of the first ejection; of a later one times a multiplier',
    ),
    maxEjectionMs: milliseconds.describe('Milliseconds of the longest'),
    maxEjectedPercent: percent.describe(
      'Most endpoints of a cluster that are ejected at once, in percent',
    ),
  }).describe('When a copy that fails is passed over'),
  retry: object({
    maxTries: count.describe('Most tries of a request, the first among them'),
    on: list(z.enum(retryConditions)).describe('What is tried again'),
    statuses: list(count).describe('Statuses that `retriable-status-codes` means'),
    backoff: object({
      baseMs: milliseconds.describe('Most milliseconds before the first retry; 0: none'),
      maxMs: milliseconds.describe('Most milliseconds before any'),
    }).describe('How long is waited before a retry'),
    retryAfterMs: milliseconds.describe('Longest `Retry-After` that is waited for; 0: none is'),
    budget: z.enum(retryBudgets).describe('The requests that retries are counted against'),
    budgetPercent: percent.describe(
      'Retries allowed, in percent of the requests of the last ten seconds, or of those in flight',
    ),
    minPerSecond: z
      .number()
      .describe('Retries a second that are allowed whatever the traffic, by recent requests'),
    minConcurrent: count.describe(
      'Retries at a time that are allowed whatever the traffic, by active requests',
    ),
    stay: z.enum(['anywhere', 'datacenter']).describe('Where retries may go'),
    nonIdempotent: z
      .boolean()
      .describe('Whether requests that do harm twice are repeated when they may have arrived'),
  }).describe('When a request is tried again'),
  hedge: object({
    delayMs: milliseconds.describe('Milliseconds without an answer before one more try; 0: never'),
    maxTries: count.describe('Most tries at a time, the first among them'),
  }).describe('When a request is sent to one more target'),
  breakers: object({
    maxConnections: count.describe("Most connections to the cluster's own endpoints; 0: no limit"),
    maxPending: count.describe('Most requests that wait for one; 0: no limit'),
    maxRequests: count.describe('Most requests under way to one cluster; 0: no limit'),
    maxRetries: count.describe('Most retries among them; 0: no limit'),
  }).describe('How much may be under way'),
});

const tierSchema = object({
  kind: z.enum(['zone', 'region', 'cluster']).describe('What its copies have in common'),
  name: z.string().describe('Its name'),
  cluster: z.string().describe('Cluster of its copies'),
  total: count.describe('Copies in it'),
  healthy: z.number().min(0).describe('Healthy ones; imagined ones in parts'),
  degraded: z.number().min(0).describe('Degraded ones, likewise'),
  excluded: count.describe(
    'Those taken out by a weight of 0, which count neither as copies nor as healthy',
  ),
  healthyLoad: percent.describe('Percent of the requests that its healthy copies carry'),
  degradedLoad: percent.describe('Percent of the requests that its degraded copies carry'),
  panic: z.boolean().describe('Whether it uses all of its copies, as too few are healthy'),
  reason: z.string().describe('Why its load is that'),
});

const candidateSchema = object({
  ...place,
  endpoint: z.string().optional().describe('The endpoint; absent for another cluster'),
  address: z.string().optional().describe('Where it is'),
  tier: count.describe('Index into `tiers`'),
  tierName: z.string().describe('Name of that tier'),
  share: percent.describe('Percent of all requests'),
  rttMs: milliseconds.nullable().describe('Round trip to its cluster, in milliseconds'),
  health: z.string().describe('Its health'),
  check: z
    .string()
    .optional()
    .describe("What the endpoint's last check said; where the gateway knows"),
  ejected: z.boolean().describe('Whether it is passed over for failing'),
  link: z
    .enum(['up', 'suspect', 'connecting', 'down', 'none'])
    .nullable()
    .describe('State of the best link to its cluster'),
  stale: z.boolean().describe("Whether its cluster's records could not be confirmed lately"),
  reason: z.string().describe('Why its share is that'),
});

export const explanationSchema = named('Explanation', 'Where requests go, and why', {
  service: z.string().describe('The service'),
  port: z
    .string()
    .optional()
    .describe('Name of its port; absent where it is the one that has none'),
  caller: object(place).describe('Where the requests come from'),
  policy: policySchema,
  without: list(z.string()).describe('Clusters imagined lost'),
  scale: z
    .record(z.string(), z.number())
    .describe('What is imagined left of the healthy copies of clusters, 0 to 1'),
  tiers: list(tierSchema).describe('Tiers in the order in which they are used'),
  candidates: list(candidateSchema).describe('Everywhere that a request may go'),
  notes: list(z.string()).describe('What else is to be known'),
});
