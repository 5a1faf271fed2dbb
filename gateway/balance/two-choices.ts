/** Owns the power of two choices: draw two by weight, take the cheaper (Mitzenmacher, 2001). */
import type { Random } from '../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createWeightedDraw, drawUntried } from './weighted-draw.ts';

/** Whether `b` is cheaper than `a` at `now`; a tie goes to `a`, which was drawn by weight alone. */
export type IsCheaper = (b: Candidate, a: Candidate, now: number) => boolean;

const redraws = 3;

export function createTwoChoices(
  candidates: readonly Candidate[],
  random: Random,
  isCheaper: IsCheaper,
): EndpointAlgorithm {
  const draw = createWeightedDraw(
    candidates.map((candidate) => candidate.weight),
    random,
  );

  /** A second draw that differs from the first: a few cheap attempts, then an exact one. */
  function drawOther(first: number, tried: ReadonlySet<string>): number {
    for (let i = 0; i < redraws; i++) {
      const second = draw();
      if (second !== first) return second;
    }
    return drawUntried(candidates, tried, first, random);
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
      return a !== undefined && b !== undefined && isCheaper(b, a, now) ? second : first;
    },
  };
}
