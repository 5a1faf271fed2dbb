/** Owns how outlier detection is written in a traffic policy. */
import { z } from 'zod';
import { msOf } from '../../core/duration.ts';
import { defaultOutlier, type OutlierPolicy } from './outlier.ts';
import { durationOf, percent } from './written.ts';

const inARow = z.int().min(0).max(1000);
const hosts = z.int().min(1).max(10_000);
const volume = z.int().min(1).max(1_000_000);

export const outlierSchema = z.strictObject({
  consecutive5xx: inARow
    .default(defaultOutlier.consecutive5xx)
    .describe(
      'Answers of 500 to 599 in a row that eject an endpoint, tries without an answer included; 0: never',
    ),
  consecutiveGatewayFailure: inARow
    .default(defaultOutlier.consecutiveGatewayFailure)
    .describe(
      'Answers of 502, 503 or 504, and tries without a whole answer, in a row that eject; 0: never',
    ),
  consecutiveLocalOriginFailure: inARow
    .default(defaultOutlier.consecutiveLocalOriginFailure)
    .describe(
      'Tries without an answer in a row that eject, where they are counted apart; 0: never',
    ),
  splitExternalLocalOriginErrors: z
    .boolean()
    .default(defaultOutlier.splitExternalLocalOriginErrors)
    .describe('Whether tries without an answer are counted apart'),
  interval: durationOf(defaultOutlier.intervalMs, 'at least 100ms', (ms) => ms >= 100).describe(
    'Over which endpoints are compared, 100ms at least; one that stays in so long is ejected for a multiple one less',
  ),
  enforcingSuccessRate: percent
    .default(defaultOutlier.enforcingSuccessRate)
    .describe(
      'Chance, in percent, that an endpoint is ejected whose success rate is far under the mean; 0: never',
    ),
  successRateMinimumHosts: hosts
    .default(defaultOutlier.successRateMinimumHosts)
    .describe('Endpoints with enough requests, without which success rates are not compared'),
  successRateRequestVolume: volume
    .default(defaultOutlier.successRateRequestVolume)
    .describe('Requests of an interval from which the success rate of an endpoint is compared'),
  successRateStdevFactor: z
    .int()
    .min(0)
    .max(100_000)
    .default(defaultOutlier.successRateStdevFactor)
    .describe(
      'How far under the mean a success rate may be, in thousandths of the standard deviation',
    ),
  enforcingFailurePercentage: percent
    .default(defaultOutlier.enforcingFailurePercentage)
    .describe(
      'Chance, in percent, that an endpoint is ejected which fails more often than the threshold; 0: never',
    ),
  failurePercentageThreshold: z
    .int()
    .min(1)
    .max(100)
    .default(defaultOutlier.failurePercentageThreshold)
    .describe('Failures of an interval, in percent, from which an endpoint is ejected'),
  failurePercentageMinimumHosts: hosts
    .default(defaultOutlier.failurePercentageMinimumHosts)
    .describe('Endpoints with enough requests, without which failures are not looked at'),
  failurePercentageRequestVolume: volume
    .default(defaultOutlier.failurePercentageRequestVolume)
    .describe('Requests of an interval from which the failures of an endpoint are looked at'),
  baseEjection: durationOf(defaultOutlier.baseEjectionMs).describe(
    "How long an endpoint's first ejection lasts unless a check passes before, another cluster's a sixth of it; each further one as much longer, until intervals without one wear that off",
  ),
  maxEjection: durationOf(defaultOutlier.maxEjectionMs).describe(
    'How long an ejection lasts at most, unless the first is longer',
  ),
  maxEjectedPercent: percent
    .default(defaultOutlier.maxEjectedPercent)
    .describe(
      "Most of a cluster's endpoints that are ejected at once; one always may be, unless nobody else is left to ask; 100: all may",
    ),
});

export function outlierOf(written: z.output<typeof outlierSchema>): OutlierPolicy {
  const { interval, baseEjection, maxEjection, ...counts } = written;
  const baseEjectionMs = msOf(baseEjection);
  return {
    ...counts,
    intervalMs: msOf(interval),
    baseEjectionMs,
    maxEjectionMs: Math.max(baseEjectionMs, msOf(maxEjection)),
  };
}
