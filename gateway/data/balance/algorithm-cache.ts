/** Owns keeping algorithms whose candidates have not changed: a table takes milliseconds to fill, and turns have a memory. */

import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { type AlgorithmPolicy, createAlgorithm } from './endpoint-algorithm.ts';

/** Keeps what the present decision uses for the next one, and forgets the rest. */
export class AlgorithmCache {
  readonly #random: Random;
  #before = new Map<string, EndpointAlgorithm>();
  #used = new Map<string, EndpointAlgorithm>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Begins a decision: what the last one did not use is forgotten. */
  turn(): void {
    this.#before = this.#used;
    this.#used = new Map();
  }

  /** The algorithm over these candidates, with its memory if the last decision used the very same. */
  get(policy: AlgorithmPolicy, candidates: readonly Candidate[]): EndpointAlgorithm {
    const parts = candidates.map(({ key, place, weight }) => `${key}@${place}=${weight}`);
    const { algorithm, leastRequest, ringHash, maglev } = policy;
    const settings = JSON.stringify([algorithm, leastRequest, ringHash, maglev]);
    const signature = `${settings}:${parts.join(',')}`;
    const found =
      this.#used.get(signature) ??
      this.#before.get(signature) ??
      createAlgorithm(algorithm, candidates, this.#random, policy);
    this.#used.set(signature, found);
    return found;
  }
}
