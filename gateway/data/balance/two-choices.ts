/** Owns the power of two choices: draw two by weight, take the cheaper (Mitzenmacher, 2001), and keep the shares that weights ask for. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm, Meter } from './candidate.ts';
import { createWeightedDraw, drawUntried } from './weighted-draw.ts';

/** How many times slower `a` is than `b` at `now`; 1 where that can't be told. */
type Slowness = (a: Meter, b: Meter, now: number) => number;

const redraws = 3;

export function createTwoChoices(
  candidates: readonly Candidate[],
  random: Random,
  slowness: Slowness,
): EndpointAlgorithm {
  const weights = candidates.map(({ weight }) => weight);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const draw = createWeightedDraw(weights, random);

  /** A second draw that differs from the first: a few cheap attempts, then an exact one. */
  function drawOther(first: number, tried: ReadonlySet<string>): number {
    for (let i = 0; i < redraws; i++) {
      const second = draw();
      if (second !== first) return second;
    }
    return drawUntried(candidates, tried, first, random);
  }

  /**
   * Whether `a`, drawn first, gives way to `b`: to one that is surely cheaper always; else as if a target of k times another's
   * weight were k targets of that weight, with a k-th of its queue each. They being alike, each gets the same share
   * whatever the load, and `a` and `b` what their weights say.
   */
  function givesWay(a: Candidate, b: Candidate, now: number): boolean {
    const unit = Math.min(a.weight, b.weight);
    const queueA = (a.meter.pending * unit) / a.weight;
    const queueB = (b.meter.pending * unit) / b.weight;
    const slower = slowness(a.meter, b.meter, now);
    if (slower !== 1) return slower * (queueA + 1) > queueB + 1;
    if (queueA > 2 * queueB + 2) return true;
    // The other of two equal parts would often be one of the heavier's own.
    if (a.weight > b.weight && random() * (sum - b.weight) >= sum - a.weight) return false;
    return ofOnePart(queueB) < ofOnePart(queueA);
  }

  /** The queue of one of equal parts that have `average` each. */
  function ofOnePart(average: number): number {
    const whole = Math.floor(average);
    return whole === average || random() >= average - whole ? whole : whole + 1;
  }

  return {
    pick(now, tried) {
      const fresh = tried.size === 0;
      const first = fresh ? draw() : drawUntried(candidates, tried, -1, random);
      if (candidates.length < 2 || first < 0) return first;
      const second = fresh
        ? drawOther(first, tried)
        : drawUntried(candidates, tried, first, random);
      const a = candidates[first];
      const b = candidates[second];
      return a !== undefined && b !== undefined && givesWay(a, b, now) ? second : first;
    },
  };
}
