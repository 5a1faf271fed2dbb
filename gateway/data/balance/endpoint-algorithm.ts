/** Owns the table of endpoint algorithms by name. */

import type { Random } from '../../../core/clock.ts';
import {
  type Algorithm,
  type AlgorithmSettings,
  defaultSettings,
} from '../../../policy/traffic/algorithms.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createLeastRequest } from './least-request.ts';
import { createMaglev } from './maglev.ts';
import { createPeakEwma } from './peak-ewma.ts';
import { createRandom } from './random.ts';
import { createRingHash } from './ring-hash.ts';
import { createRoundRobin } from './round-robin.ts';

/** The algorithm of a policy, with what it is told. */
export interface AlgorithmPolicy extends AlgorithmSettings {
  readonly algorithm: Algorithm;
}

type Create = (
  candidates: readonly Candidate[],
  random: Random,
  settings: AlgorithmSettings,
) => EndpointAlgorithm;

const creators: Record<Algorithm, Create> = {
  'peak-ewma': createPeakEwma,
  'least-request': (among, random, { leastRequest }) =>
    createLeastRequest(among, random, leastRequest),
  'round-robin': (among, random) => createRoundRobin(among, random),
  random: createRandom,
  'ring-hash': (among, random, { ringHash }) => createRingHash(among, random, ringHash),
  maglev: (among, random, { maglev }) => createMaglev(among, random, maglev),
};

/** Builds the algorithm over `candidates`; none or a lone one needs no choice. */
export function createAlgorithm(
  algorithm: Algorithm,
  candidates: readonly Candidate[],
  random: Random,
  settings: AlgorithmSettings = defaultSettings,
): EndpointAlgorithm {
  const [only] = candidates;
  if (only === undefined) return { pick: () => -1 };
  if (candidates.length === 1) {
    return { pick: (_now, tried) => (tried.has(only.key) ? -1 : 0) };
  }
  return creators[algorithm](candidates, random, settings);
}
