/** Owns how a traffic policy is written in YAML, and its defaults. */
import { z } from 'zod';
import { durationSchema } from '../core/duration.ts';
import { clusterNameSchema } from '../registry/model.ts';
import {
  algorithms,
  defaultBalance,
  defaultTimeouts,
  type HashPolicy,
  type Timeouts,
} from './traffic-policy.ts';

const percent = z.number().min(0).max(100);
const { failback, outlier, retry } = defaultBalance;

const failbackSchema = z
  .strictObject({ hold: durationSchema.optional(), ramp: durationSchema.optional() })
  .transform(({ hold = failback.holdMs, ramp = failback.rampMs }) => ({
    holdMs: hold,
    rampMs: ramp,
  }));

const inARow = z.int().min(0).max(1000);

const outlierSchema = z
  .strictObject({
    consecutive5xx: inARow.default(outlier.consecutive5xx),
    consecutiveGatewayFailure: inARow.default(outlier.consecutiveGatewayFailure),
    consecutiveLocalOriginFailure: inARow.default(outlier.consecutiveLocalOriginFailure),
    splitExternalLocalOriginErrors: z.boolean().default(outlier.splitExternalLocalOriginErrors),
    baseEjection: durationSchema.optional(),
    maxEjection: durationSchema.optional(),
    maxEjectedPercent: percent.default(outlier.maxEjectedPercent),
  })
  .transform(({ baseEjection, maxEjection, ...rest }) => {
    const baseEjectionMs = baseEjection ?? outlier.baseEjectionMs;
    const maxEjectionMs = maxEjection ?? outlier.maxEjectionMs;
    return { ...rest, baseEjectionMs, maxEjectionMs: Math.max(baseEjectionMs, maxEjectionMs) };
  });

const retrySchema = z.strictObject({
  maxTries: z.int().min(1).max(10).default(retry.maxTries),
  statuses: z
    .array(z.int().min(500).max(599))
    .max(16)
    .default([...retry.statuses]),
  budgetPercent: percent.default(retry.budgetPercent),
  minPerSecond: z.number().min(0).max(10_000).default(retry.minPerSecond),
});

/** RFC 9110 section 5.1, and RFC 6265 section 4.1.1. */
const token = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i, 'use the characters of a token');

/** Exactly one of them says what is hashed. */
const hashSchema = z
  .union(
    [
      z.literal('source'),
      z.strictObject({ header: token }),
      z.strictObject({ cookie: token }),
      z.strictObject({ query: z.string().min(1).max(128) }),
    ],
    { error: 'use source, or one of header, cookie and query with a name' },
  )
  .transform((written): HashPolicy => {
    if (written === 'source') return { by: 'source' };
    if ('header' in written) return { by: 'header', name: written.header.toLowerCase() };
    if ('cookie' in written) return { by: 'cookie', name: written.cookie };
    return { by: 'query', name: written.query };
  });

/**
 * Every key is optional, none unknown, durations as `10s`. `failback: { hold, ramp }`,
 * `outlier: { baseEjection, maxEjection, ... }` take durations.
 */
export const balancePolicySchema = z.strictObject({
  /** A ratio, wherever it is written: 1.4 is not 140. */
  overprovisioningFactor: z.number().min(1).max(10).default(defaultBalance.overprovisioningFactor),
  panicThreshold: percent.default(defaultBalance.panicThreshold),
  algorithm: z.enum(algorithms).default(defaultBalance.algorithm),
  hash: hashSchema.default(defaultBalance.hash),
  clusterOrder: z.array(clusterNameSchema).max(256).default([]),
  failback: failbackSchema.prefault({}),
  outlier: outlierSchema.prefault({}),
  retry: retrySchema.prefault({}),
});

export const timeoutsSchema = z
  .strictObject({
    /** From the end of the request to the response's head, retries included. Default 30s. */
    request: durationSchema.default(defaultTimeouts.requestMs),
    /** To an endpoint or gateway. Default 1s. */
    connect: durationSchema.default(defaultTimeouts.connectMs),
    /** For an endpoint to ask for a body that expects to be asked for; 0 = such bodies are sent at once. Default 1s. */
    continue: durationSchema.default(defaultTimeouts.continueMs),
    /** Most rest of a kept connection to an HTTP/1.1 endpoint; less where the endpoint says so. Default 4s. */
    rest: durationSchema.default(defaultTimeouts.restMs),
    /** Limit on one try, to the response's head; 0 = only the request timeout. Default 0. */
    perTry: durationSchema.default(defaultTimeouts.perTryMs),
    /** Without a byte in either direction. Default 5m. */
    idle: durationSchema.default(defaultTimeouts.idleMs),
  })
  .transform(
    ({ request, connect, rest, perTry, idle, ...more }): Timeouts => ({
      requestMs: request,
      connectMs: connect,
      continueMs: more.continue,
      restMs: rest,
      perTryMs: perTry,
      idleMs: idle,
    }),
  );
