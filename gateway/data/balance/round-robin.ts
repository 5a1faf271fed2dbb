/** Owns taking turns, by weight and evenly spaced: nginx's smooth weighted round robin. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';

/**
 * Each turn every candidate gains its weight, as it is then, and the one that has gained most pays the sum. Starts at a
 * random turn, so that gateways which start together do not march in step. Linear in the candidates.
 */
export function createRoundRobin(
  candidates: readonly Candidate[],
  random: Random,
  weightNow: (candidate: Candidate) => number = ({ weight }) => weight,
): EndpointAlgorithm {
  const gained = new Float64Array(candidates.length);

  function turn(tried: ReadonlySet<string>): number {
    let best = -1;
    let most = -Infinity;
    let sum = 0;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i];
      if (candidate === undefined || (tried.size > 0 && tried.has(candidate.key))) continue;
      const weight = weightNow(candidate);
      const gain = (gained[i] ?? 0) + weight;
      gained[i] = gain;
      sum += weight;
      if (gain > most) {
        most = gain;
        best = i;
      }
    }
    if (best >= 0) gained[best] = most - sum;
    return best;
  }

  const none: ReadonlySet<string> = new Set();
  for (let i = Math.floor(random() * candidates.length); i > 0; i--) turn(none);
  return { pick: (_now, tried) => turn(tried) };
}
