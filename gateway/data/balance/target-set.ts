/** Owns a set of targets that share one algorithm: what a lane of the picker leads to. */
import type { Algorithm } from '../../../policy/traffic-policy.ts';
import type { AlgorithmCache } from './algorithm-cache.ts';
import type { EndpointAlgorithm, Meter } from './candidate.ts';
import type { WeightedTarget } from './shares.ts';
import type { Target } from './types.ts';

export interface TargetSetOptions {
  readonly algorithm: Algorithm;
  readonly algorithms: AlgorithmCache;
  readonly meterOf: (key: string) => Meter;
}

/** Its algorithm is built at the first pick: most sets are spare and never asked. */
export class TargetSet {
  readonly #targets: readonly Target[];
  readonly #build: () => EndpointAlgorithm;
  #algorithm: EndpointAlgorithm | undefined;

  constructor(weighted: readonly WeightedTarget[], options: TargetSetOptions) {
    this.#targets = weighted.map(({ target }) => target);
    this.#build = () => {
      const candidates = weighted.map(({ target: { key }, weight }) => ({
        key,
        weight,
        meter: options.meterOf(key),
      }));
      return options.algorithms.get(options.algorithm, candidates);
    };
  }

  pick(now: number, tried: ReadonlySet<string>, hash: number | undefined): Target | undefined {
    if (this.#targets.length === 0) return undefined;
    this.#algorithm ??= this.#build();
    return this.#targets[this.#algorithm.pick(now, tried, hash)];
  }
}
