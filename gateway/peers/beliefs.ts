/** Owns which bundles the other clusters believe, as their gateways say when somebody looks. */
import type { Clock } from '../../core/clock.ts';
import type { ClusterName } from '../../core/names.ts';
import { beliefsSchema } from '../admin/schema/clusters.ts';
import type { PeerGateway } from '../graph/collector.ts';
import type { TrustPeers } from './trust-view.ts';

export interface PeerBeliefsOptions {
  peers(): readonly PeerGateway[];
  /** Asks one for JSON. Rejects when it does not answer. */
  ask(peer: PeerGateway, path: string): Promise<unknown>;
  readonly clock: Clock;
}

type Sequences = ReadonlyMap<string, number>;

/** Bundles change seldom. */
const askEveryMs = 5_000;

export class PeerBeliefs implements TrustPeers {
  readonly #options: PeerBeliefsOptions;
  #latest: ReadonlyMap<ClusterName, Sequences | undefined> = new Map();
  #askedAt = Number.NEGATIVE_INFINITY;
  #answers: Promise<ReadonlyMap<ClusterName, Sequences | undefined>> = Promise.resolve(new Map());

  constructor(options: PeerBeliefsOptions) {
    this.#options = options;
  }

  /** As they were last told, without waiting: they are asked for again meanwhile. */
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
    const peers = this.#options.peers();
    const told = await Promise.all(peers.map((peer) => this.#askOne(peer)));
    const beliefs = new Map<ClusterName, Sequences | undefined>();
    for (const [i, { cluster }] of peers.entries()) {
      beliefs.set(cluster, least(beliefs.get(cluster), told[i]));
    }
    this.#latest = beliefs;
    return beliefs;
  }

  /** One that does not answer is shown as such by its link; here it just says nothing. */
  async #askOne(peer: PeerGateway): Promise<Sequences | undefined> {
    try {
      const { sequences } = beliefsSchema.parse(await this.#options.ask(peer, '/v1/beliefs'));
      return new Map(Object.entries(sequences));
    } catch {
      return undefined;
    }
  }
}

/** A cluster believes what all of its gateways that answer do. */
function least(a: Sequences | undefined, b: Sequences | undefined): Sequences | undefined {
  if (!a || !b) return a ?? b;
  const both = [...a].flatMap(([cluster, sequence]) => {
    const other = b.get(cluster);
    return other === undefined ? [] : [[cluster, Math.min(sequence, other)] as const];
  });
  return new Map(both);
}
