/** Owns balancing by chance alone, by weight. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createWeightedDraw, drawUntried } from './weighted-draw.ts';

export function createRandom(candidates: readonly Candidate[], random: Random): EndpointAlgorithm {
  const draw = createWeightedDraw(
    candidates.map((candidate) => candidate.weight),
    random,
  );
  return {
    pick: (_now, tried) => (tried.size === 0 ? draw() : drawUntried(candidates, tried, -1, random)),
  };
}
