/** Owns balancing by requests in flight, as Envoy's `LEAST_REQUEST` does it. */
import type { Random } from '../../../core/clock.ts';
import type { LeastRequestPolicy } from '../../../policy/traffic/algorithms.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createRoundRobin } from './round-robin.ts';
import { createTwoChoices } from './two-choices.ts';

const unknown = (): number => 1;

/** Of equal weights: the one of two drawn at random with the shorter queue. Else turns, by weight over queue. */
export function createLeastRequest(
  candidates: readonly Candidate[],
  random: Random,
  { activeRequestBias }: LeastRequestPolicy,
): EndpointAlgorithm {
  if (candidates.every(({ weight }) => weight === candidates[0]?.weight)) {
    return createTwoChoices(candidates, random, unknown);
  }
  return createRoundRobin(candidates, random, (one) => weightOverQueue(one, activeRequestBias));
}

/** `weight / (active + 1)^bias`. */
export function weightOverQueue({ weight, meter }: Candidate, bias: number): number {
  // The queue alone is what most ask for, and a power costs as much as the rest of a turn.
  return weight / (bias === 1 ? meter.pending + 1 : (meter.pending + 1) ** bias);
}
