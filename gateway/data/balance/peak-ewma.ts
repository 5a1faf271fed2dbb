/** Owns balancing by latency: a moving average that believes bad news at once (Finagle's `PeakEwma`), and how far it is believed. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm, Meter } from './candidate.ts';
import { createTwoChoices } from './two-choices.ts';

/** How fast the past fades, in milliseconds; Finagle's default. */
export const decayMs = 10_000;

/** The first answer proves no more slowness than this part of the time it took. */
const provenAtOnce = 1 / 16;
/** Each further one proves at most so many times as much as those before it. */
const provenMore = 1.25;
/** One target is slower than another, and not by chance, once its least latency is so many times the other's most. */
const clearly = 1.5;

/**
 * Takes a sample in. A higher one replaces the estimate, a lower one is averaged in by the time since the last. The least goes the
 * other way: a lower one replaces it, a higher one raises it by a quarter at most, so that it takes several in a row to prove a target slow.
 */
export function observe(meter: Meter, sampleMs: number, now: number): void {
  if (sampleMs >= meter.estimate) meter.estimate = sampleMs;
  else {
    const old = Math.exp(-Math.max(0, now - meter.at) / decayMs);
    meter.estimate = meter.estimate * old + sampleMs * (1 - old);
  }
  const firstMs = meter.least === 0 ? sampleMs * provenAtOnce : 0;
  meter.least = Math.min(sampleMs, Math.max(provenMore * meter.least, firstMs));
  meter.at = now;
}

/** Has a target count as one that takes `ms`, if it is not slower already: it failed, which proves no speed. */
export function charge(meter: Meter, ms: number, now: number): void {
  meter.estimate = Math.max(meter.estimate, ms);
  meter.least = meter.estimate;
  meter.at = now;
}

/**
 * The least that a target takes at `now`. That of an idle one fades, so that slow answers do not banish it for good; while
 * answers are due it stands still, for silence is no sign of speed.
 */
export function leastAt(meter: Meter, now: number): number {
  if (meter.pending > 0) return meter.least;
  return meter.least * Math.exp(-Math.max(0, now - meter.at) / decayMs);
}

/**
 * How many times slower `a` is than `b`, as far as that is sure: the least of the one against the most of the other. 1 where they
 * take about the same, or where one was never measured: it is presumed as quick as the other, and neither draws a herd nor starves.
 */
export function slowness(a: Meter, b: Meter, now: number): number {
  if (a.estimate < 0 || b.estimate < 0) return 1;
  if (a.least > clearly * b.estimate) return orNone(leastAt(a, now) / b.estimate);
  if (b.least > clearly * a.estimate) return 1 / orNone(leastAt(b, now) / a.estimate);
  return 1;
}

function orNone(times: number): number {
  return times > clearly ? times : 1;
}

/**
 * Peak-EWMA over two choices: the cost is what a target takes, times the requests it would then have. Where neither of two is
 * surely slower their queues and weights decide alone, so that shares follow weights however much single answers differ.
 */
export function createPeakEwma(
  candidates: readonly Candidate[],
  random: Random,
): EndpointAlgorithm {
  return createTwoChoices(candidates, random, slowness);
}
