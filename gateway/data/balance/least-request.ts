/** Owns balancing by requests in flight: of two drawn by weight, the one with the shorter queue for its weight. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createTwoChoices } from './two-choices.ts';

const unknown = (): number => 1;

/** Envoy's `LEAST_REQUEST` with a choice count of 2, whatever the targets take; a queue is shared out over the weight. */
export function createLeastRequest(
  candidates: readonly Candidate[],
  random: Random,
): EndpointAlgorithm {
  return createTwoChoices(candidates, random, unknown);
}
