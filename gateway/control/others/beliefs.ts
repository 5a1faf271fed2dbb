/** Owns which bundles the other clusters believe, as their gateways say when somebody looks. */
import type { Clock } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { OtherGateway } from './other-gateway.ts';
import { type BeliefSource, least, type Sequences } from './trust-view.ts';

interface OthersBeliefsOptions {
  others(): readonly OtherGateway[];
  /** Asks one which bundles it believes. Rejects when it does not answer. */
  ask(other: OtherGateway): Promise<Sequences>;
  readonly clock: Clock;
}

/** Bundles change seldom. */
const askEveryMs = 5_000;

export class OthersBeliefs implements BeliefSource {
  readonly #options: OthersBeliefsOptions;
  #latest: ReadonlyMap<ClusterName, Sequences | undefined> = new Map();
  #askedAt = Number.NEGATIVE_INFINITY;
  #answers: Promise<ReadonlyMap<ClusterName, Sequences | undefined>> = Promise.resolve(new Map());

  constructor(options: OthersBeliefsOptions) {
    this.#options = options;
  }

  /** The beliefs as they were last told, without waiting: they are asked for again meanwhile. */
  get latest(): ReadonlyMap<ClusterName, Sequences | undefined> {
    void this.beliefs();
    return this.#latest;
  }

  beliefs(): Promise<ReadonlyMap<ClusterName, Sequences | undefined>> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#askedAt >= askEveryMs) {
      this.#askedAt = clock.monotonic();
      this.#answers = this.#ask();
    }
    return this.#answers;
  }

  async #ask(): Promise<ReadonlyMap<ClusterName, Sequences | undefined>> {
    const others = this.#options.others();
    const told = await Promise.all(others.map((other) => this.#askOne(other)));
    const beliefs = new Map<ClusterName, Sequences | undefined>();
    for (const [i, { cluster }] of others.entries()) {
      beliefs.set(cluster, least(beliefs.get(cluster), told[i]));
    }
    this.#latest = beliefs;
    return beliefs;
  }

  /** A gateway that does not answer is shown as such by its link; here it just has no beliefs. */
  async #askOne(other: OtherGateway): Promise<Sequences | undefined> {
    try {
      return await this.#options.ask(other);
    } catch {
      return undefined;
    }
  }
}
