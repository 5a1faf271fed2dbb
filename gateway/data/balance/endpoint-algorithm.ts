/** Owns the table of endpoint algorithms by name. */

import type { Random } from '../../../core/clock.ts';
import type { Algorithm } from '../../../policy/traffic-policy.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createLeastRequest } from './least-request.ts';
import { createMaglev } from './maglev.ts';
import { createPeakEwma } from './peak-ewma.ts';
import { createRandom } from './random.ts';
import { createRingHash } from './ring-hash.ts';
import { createRoundRobin } from './round-robin.ts';

type Create = (candidates: readonly Candidate[], random: Random) => EndpointAlgorithm;

const creators: Record<Algorithm, Create> = {
  'peak-ewma': createPeakEwma,
  'least-request': createLeastRequest,
  'round-robin': createRoundRobin,
  random: createRandom,
  'ring-hash': createRingHash,
  maglev: createMaglev,
};

/** Builds the algorithm over `candidates`; none or a lone one needs no choice. */
export function createAlgorithm(
  algorithm: Algorithm,
  candidates: readonly Candidate[],
  random: Random,
): EndpointAlgorithm {
  const [only] = candidates;
  if (only === undefined) return { pick: () => -1 };
  if (candidates.length === 1) {
    return { pick: (_now, tried) => (tried.has(only.key) ? -1 : 0) };
  }
  return creators[algorithm](candidates, random);
}

/** Whether the algorithm sends equal hashes to the same place. */
export function isConsistent(algorithm: Algorithm): boolean {
  return algorithm === 'ring-hash' || algorithm === 'maglev';
}
