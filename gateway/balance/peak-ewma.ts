/** Owns balancing by latency: a moving average that believes bad news at once (Finagle's `PeakEwma`). */
import type { Random } from '../../core/clock.ts';
import type { Candidate, EndpointAlgorithm, Meter } from './candidate.ts';
import { createTwoChoices } from './two-choices.ts';

/** How fast the past fades, in milliseconds; Finagle's default. */
export const decayMs = 10_000;

/** Takes a sample in: a higher one replaces the estimate, a lower one is averaged in by the time since the last. */
export function observe(meter: Meter, sampleMs: number, now: number): void {
  if (sampleMs >= meter.estimate) meter.estimate = sampleMs;
  else {
    const old = Math.exp(-Math.max(0, now - meter.at) / decayMs);
    meter.estimate = meter.estimate * old + sampleMs * (1 - old);
  }
  meter.at = now;
}

/**
 * The estimate at `now`. That of an idle target fades, so that one slow answer does not banish it for good;
 * while answers are due it stands still, for silence is no sign of speed.
 */
export function estimateAt(meter: Meter, now: number): number {
  if (meter.pending > 0 || meter.estimate <= 0) return meter.estimate;
  return meter.estimate * Math.exp(-Math.max(0, now - meter.at) / decayMs);
}

/** Counts a request that starts at `now`. */
export function startOn(meter: Meter, now: number): void {
  if (meter.pending === 0 && meter.estimate > 0) {
    meter.estimate = estimateAt(meter, now);
    meter.at = now;
  }
  meter.pending++;
}

/**
 * Peak-EWMA over two choices: the cost is `estimate x (pending + 1)`. A weight makes a target be drawn more
 * often and divides its queue (`estimate x (pending / weight + 1)`, 1 being the average weight), so that
 * shares follow weights under load and idleness alike. An unmeasured target is presumed as quick as the
 * one it is compared with: it neither draws a herd nor starves.
 */
export function createPeakEwma(
  candidates: readonly Candidate[],
  random: Random,
): EndpointAlgorithm {
  const sum = candidates.reduce((total, candidate) => total + candidate.weight, 0);
  const average = sum / Math.max(1, candidates.length);
  const queue = (candidate: Candidate) =>
    (candidate.meter.pending * average) / candidate.weight + 1;
  return createTwoChoices(candidates, random, (b, a, now) => {
    const estimateA = estimateAt(a.meter, now);
    const estimateB = estimateAt(b.meter, now);
    if (estimateA < 0 || estimateB < 0) return queue(b) < queue(a);
    return estimateB * queue(b) < estimateA * queue(a);
  });
}
