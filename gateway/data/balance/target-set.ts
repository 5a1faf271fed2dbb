/** Owns a set of targets that share one algorithm: what a lane of the picker leads to. */
import type { AlgorithmCache } from './algorithm-cache.ts';
import type { EndpointAlgorithm, Meter } from './candidate.ts';
import type { AlgorithmPolicy } from './endpoint-algorithm.ts';
import { addressOf, type WeightedTarget } from './shares.ts';
import type { Target } from './types.ts';

export interface TargetSetOptions {
  readonly policy: AlgorithmPolicy;
  readonly algorithms: AlgorithmCache;
  readonly meterOf: (target: Target) => Meter;
}

/** Its algorithm is built at the first pick: most sets are spare and never asked. */
export class TargetSet {
  readonly #targets: readonly Target[];
  readonly #build: () => EndpointAlgorithm;
  #algorithm: EndpointAlgorithm | undefined;

  constructor(weighted: readonly WeightedTarget[], options: TargetSetOptions) {
    this.#targets = weighted.map(({ target }) => target);
    this.#build = () => {
      const candidates = weighted.map(({ target, weight }) => ({
        key: target.key,
        place: placeOf(target),
        weight,
        meter: options.meterOf(target),
      }));
      return options.algorithms.get(options.policy, candidates);
    };
  }

  pick(now: number, tried: ReadonlySet<string>, hash: number | undefined): Target | undefined {
    if (this.#targets.length === 0) return undefined;
    this.#algorithm ??= this.#build();
    return this.#targets[this.#algorithm.pick(now, tried, hash)];
  }
}

function placeOf(target: Target): string {
  return target.kind === 'endpoint' ? addressOf(target.endpoint) : target.cluster;
}
