/** Owns a set of targets that share one algorithm: what a lane of the picker leads to. */
import type { Random } from '../../core/clock.ts';
import type { EndpointAlgorithm, Meter } from './candidate.ts';
import { createAlgorithm } from './endpoint-algorithm.ts';
import type { WeightedTarget } from './shares.ts';
import type { Algorithm, Target } from './types.ts';

export interface PoolOptions {
  readonly algorithm: Algorithm;
  readonly random: Random;
  readonly meterOf: (key: string) => Meter;
}

/** Its algorithm is built at the first pick: most pools are spare and never asked. */
export class Pool {
  readonly #targets: readonly Target[];
  readonly #build: () => EndpointAlgorithm;
  #algorithm: EndpointAlgorithm | undefined;

  constructor(weighted: readonly WeightedTarget[], options: PoolOptions) {
    this.#targets = weighted.map(({ target }) => target);
    this.#build = () => {
      const candidates = weighted.map(({ target: { key }, weight }) => ({
        key,
        weight,
        meter: options.meterOf(key),
      }));
      return createAlgorithm(options.algorithm, candidates, options.random);
    };
  }

  pick(now: number, tried: ReadonlySet<string>, hash: number | undefined): Target | undefined {
    if (this.#targets.length === 0) return undefined;
    this.#algorithm ??= this.#build();
    return this.#targets[this.#algorithm.pick(now, tried, hash)];
  }
}
