/** Owns how a balancing policy is written in a configuration, and what it is where nothing is written. */
import { z } from 'zod';
import { durationSchema } from '../../core/duration.ts';
import { clusterNameSchema } from '../../registry/model.ts';
import { algorithms, type BalancePolicy } from './types.ts';

/** Defaults follow Envoy (overprovisioning, panic), Linkerd (retry budget) and Finagle (peak EWMA). */
export const defaultPolicy: BalancePolicy = {
  overprovisioningFactor: 1.4,
  panicThreshold: 50,
  algorithm: 'peak-ewma',
  clusterOrder: [],
  failback: { holdMs: 2000, rampMs: 10_000 },
  outlier: {
    consecutiveFailures: 3,
    baseEjectionMs: 5000,
    maxEjectionMs: 60_000,
    maxEjectedPercent: 50,
  },
  retry: { maxTries: 4, budgetPercent: 20, minPerSecond: 3 },
};

const percent = z.number().min(0).max(100);
const { failback, outlier, retry } = defaultPolicy;

const failbackSchema = z
  .strictObject({ hold: durationSchema.optional(), ramp: durationSchema.optional() })
  .transform(({ hold = failback.holdMs, ramp = failback.rampMs }) => ({
    holdMs: hold,
    rampMs: ramp,
  }));

const outlierSchema = z
  .strictObject({
    consecutiveFailures: z.int().min(1).max(1000).default(outlier.consecutiveFailures),
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
  budgetPercent: percent.default(retry.budgetPercent),
  minPerSecond: z.number().min(0).max(10_000).default(retry.minPerSecond),
});

/**
 * A policy as a configuration holds it: every key optional, none unknown, durations as `10s`.
 * `failback: { hold, ramp }`, `outlier: { baseEjection, maxEjection, ... }` take durations.
 */
export const balancePolicySchema = z.strictObject({
  overprovisioningFactor: z.number().min(1).max(10).default(defaultPolicy.overprovisioningFactor),
  panicThreshold: percent.default(defaultPolicy.panicThreshold),
  algorithm: z.enum(algorithms).default(defaultPolicy.algorithm),
  clusterOrder: z.array(clusterNameSchema).max(256).default([]),
  failback: failbackSchema.prefault({}),
  outlier: outlierSchema.prefault({}),
  retry: retrySchema.prefault({}),
});
