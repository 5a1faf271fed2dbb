/** Owns how a traffic policy is written, with its defaults, and what gateways understand by it. */
import { z } from 'zod';
import { msOf } from '../core/duration.ts';
import { clusterNameSchema, labelSchema } from '../registry/model.ts';
import { token } from './field-name.ts';
import { affinityOf, affinitySchema } from './traffic/affinity-schema.ts';
import { algorithms, isConsistent } from './traffic/algorithms.ts';
import {
  leastRequestSchema,
  maglevSchema,
  ringHashSchema,
  slowStartOf,
  slowStartSchema,
} from './traffic/algorithms-schema.ts';
import { breakersSchema } from './traffic/breakers-schema.ts';
import { hedgeOf, hedgeSchema } from './traffic/hedge-schema.ts';
import { outlierOf, outlierSchema } from './traffic/outlier-schema.ts';
import { retryOf, writtenRetrySchema } from './traffic/retry-schema.ts';
import { tiersKeys } from './traffic/tiers-schema.ts';
import { durationOf, percent } from './traffic/written.ts';
import {
  type BalancePolicy,
  defaultBalance,
  defaultTimeouts,
  type HashPolicy,
  type Timeouts,
} from './traffic-policy.ts';

const { failback } = defaultBalance;

const failbackSchema = z.strictObject({
  hold: durationOf(failback.holdMs).describe(
    'How long a better tier must stay able before it gets any load back',
  ),
  ramp: durationOf(failback.rampMs).describe('How long its share takes from nothing to all'),
});

/** Whether a field may say it: none of one connection, of framing, or that gateways write themselves. */
function mayGoOn(name: string): boolean {
  return !/^(?:host|te|via|trailer|upgrade|expect|connection|keep-alive|content-.*|transfer-.*|proxy-.*|x-forwarded-.*|forwarded|x-real-ip|x-isthmus-.*|x-request-id|traceparent|tracestate|grpc-.*)$/i.test(
    name,
  );
}

/** Exactly one of them says what is hashed. */
const hashSchema = z.union(
  [
    z.literal('source'),
    z.strictObject({ header: token.describe('Name of the field that is hashed') }),
    z.strictObject({ cookie: token.describe('Name of the cookie that is hashed') }),
    z.strictObject({
      query: z.string().min(1).max(128).describe('Name of the query parameter that is hashed'),
    }),
  ],
  { error: 'use source, or one of header, cookie and query with a name' },
);

/** Every key may be left out, none is unknown; durations stay text, so that what is written reads back as it was given. */
export const writtenBalanceSchema = z.strictObject({
  overprovisioningFactor: z
    .number()
    .min(1)
    .max(10)
    .default(defaultBalance.overprovisioningFactor)
    .describe(
      'A tier carries everything until less than one part in this many of it is healthy: a ratio, 1.4 and not 140',
    ),
  panicThreshold: percent
    .default(defaultBalance.panicThreshold)
    .describe('Percent of usable copies under which a tier uses all of them; 0: never'),
  algorithm: z
    .enum(algorithms)
    .default(defaultBalance.algorithm)
    .describe('How an endpoint is chosen'),
  hash: hashSchema
    .default('source')
    .describe(
      "What ring-hash and maglev hash: source, the client's address, or a field, cookie or query parameter by its name",
    ),
  leastRequest: leastRequestSchema.prefault({}).describe('What least-request goes by'),
  ringHash: ringHashSchema.prefault({}).describe('How ring-hash fills its ring'),
  maglev: maglevSchema.prefault({}).describe('How maglev fills its table'),
  slowStart: slowStartSchema
    .prefault({})
    .describe(
      'How an endpoint gets its share that is new, or healthy again; not where hashes decide',
    ),
  affinity: affinitySchema
    .optional()
    .describe('How a client comes back to the endpoint that answered it; without it, it does not'),
  ...tiersKeys,
  failback: failbackSchema.prefault({}).describe('How a tier that recovers gets its load back'),
  outlier: outlierSchema.prefault({}).describe('When an endpoint is passed over for failing'),
  retry: writtenRetrySchema.prefault({}).describe('When a request is tried again'),
  hedge: hedgeSchema
    .prefault({})
    .describe('When a request that is not answered is sent to one more target'),
  breakers: breakersSchema
    .prefault({})
    .describe('How much may be under way to one cluster, over all workers of a gateway'),
});

const writtenTimeoutsSchema = z.strictObject({
  request: durationOf(defaultTimeouts.requestMs).describe(
    "From the end of a request to its response's head, retries included; 0s: none",
  ),
  connect: durationOf(defaultTimeouts.connectMs).describe(
    'For a connection to an endpoint or gateway',
  ),
  continue: durationOf(defaultTimeouts.continueMs).describe(
    'For an endpoint to ask for a body that waits to be asked for; 0s: such bodies are sent at once',
  ),
  rest: durationOf(defaultTimeouts.restMs).describe(
    'Most rest of a kept connection to an HTTP/1.1 endpoint; less where the endpoint says so',
  ),
  perTry: durationOf(defaultTimeouts.perTryMs).describe(
    "Of one try, to its response's head; 0s: only the request's",
  ),
  idle: durationOf(defaultTimeouts.idleMs).describe('Without a byte in either direction'),
  deadlineHeader: z
    .union([z.literal(''), token.refine(mayGoOn, 'use a field that is sent on to services')])
    .default(defaultTimeouts.deadlineHeader)
    .describe(
      'Field of requests that says how many milliseconds their client waits for the whole answer, such as x-request-timeout-ms; empty: none',
    ),
});

/** Parses what is written to the policy that is meant. */
export const balancePolicySchema = writtenBalanceSchema.transform(balanceOf);
export const timeoutsSchema = writtenTimeoutsSchema.transform(timeoutsOf);

/** A traffic policy that is written while gateways run. Its two parts are each replaced as a whole, wherever else they are said. */
export const writtenTrafficSchema = z
  .strictObject({
    target: z
      .strictObject({
        service: labelSchema
          .optional()
          .describe("A service of the policy's namespace; without one it is for all of them"),
        client: clusterNameSchema
          .optional()
          .describe(
            'Cluster whose clients ask, be it here or by their own gateway; without one it is for all of them',
          ),
      })
      .describe('The requests that it is for'),
    balance: writtenBalanceSchema
      .optional()
      .describe('How requests are balanced and tried again; without it that is for others to say'),
    timeouts: writtenTimeoutsSchema
      .optional()
      .describe('How long requests may take; without it that is for others to say'),
  })
  .refine(({ balance, timeouts }) => balance !== undefined || timeouts !== undefined, {
    path: ['balance'],
    message: 'say balance, timeouts or both: there is nothing else that it could change',
  });

export function balanceOf(written: z.output<typeof writtenBalanceSchema>): BalancePolicy {
  const { algorithm, hash, slowStart, affinity, failback, outlier, retry, hedge, ...same } =
    written;
  const isBySource = affinity?.source === true;
  return {
    ...same,
    // Whoever comes from one address is sent by it: there is no token to keep.
    algorithm: isBySource && !isConsistent(algorithm) ? 'maglev' : algorithm,
    hash: isBySource ? { by: 'source' } : hashOf(hash),
    ...affinityOf(affinity),
    slowStart: slowStartOf(slowStart),
    failback: { holdMs: msOf(failback.hold), rampMs: msOf(failback.ramp) },
    outlier: outlierOf(outlier),
    retry: retryOf(retry),
    hedge: hedgeOf(hedge),
  };
}

function hashOf(written: z.output<typeof hashSchema>): HashPolicy {
  if (written === 'source') return { by: 'source' };
  if ('header' in written) return { by: 'header', name: written.header.toLowerCase() };
  if ('cookie' in written) return { by: 'cookie', name: written.cookie };
  return { by: 'query', name: written.query };
}

export function timeoutsOf(written: z.output<typeof writtenTimeoutsSchema>): Timeouts {
  return {
    requestMs: msOf(written.request),
    connectMs: msOf(written.connect),
    continueMs: msOf(written.continue),
    restMs: msOf(written.rest),
    perTryMs: msOf(written.perTry),
    idleMs: msOf(written.idle),
    deadlineHeader: written.deadlineHeader.toLowerCase(),
  };
}
