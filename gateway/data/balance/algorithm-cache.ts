/** Owns keeping algorithms whose candidates have not changed: a table takes milliseconds to fill, and turns have a memory. */

import type { Random } from '../../../core/clock.ts';
import type { Algorithm } from '../../../policy/traffic-policy.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { createAlgorithm } from './endpoint-algorithm.ts';

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
  get(algorithm: Algorithm, candidates: readonly Candidate[]): EndpointAlgorithm {
    const parts = candidates.map(({ key, weight }) => `${key}=${weight}`);
    const signature = `${algorithm}:${parts.join(',')}`;
    const found =
      this.#used.get(signature) ??
      this.#before.get(signature) ??
      createAlgorithm(algorithm, candidates, this.#random);
    this.#used.set(signature, found);
    return found;
  }
}
