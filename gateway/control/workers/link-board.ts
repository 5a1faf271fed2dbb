/** Owns the links of all workers as the control side sees them: one state and round trip for each cluster. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import type { LinkStatus } from '../../data/link/cluster-links.ts';
import { movedNotably } from '../../data/link/rtt.ts';

/**
 * A request may come to any worker, so a cluster is linked when all of them are, and lost when none is. It is suspect
 * where some of them suspect it and the others are of one mind.
 */
export function combinedStatus(said: readonly LinkStatus[]): LinkStatus {
  const states = new Set(said.map(({ state }) => state));
  states.delete('none');
  const isSuspect = states.delete('suspect');
  const state = states.size > 1 ? 'connecting' : isSuspect ? 'suspect' : ([...states][0] ?? 'none');
  const rtts = said.flatMap(({ rttMs }) => rttMs ?? []);
  const used = new Map(said.flatMap((one) => one.used ?? []).map((one) => [one.address, one]));
  return {
    state,
    rttMs: rtts.length === 0 ? undefined : Math.min(...rtts),
    ...(used.size > 0 && { used: [...used.values()] }),
  };
}

export class LinkBoard {
  readonly #workers = new Map<object, Map<ClusterName, LinkStatus>>();
  /** Workers that take requests: only their links count. */
  readonly #serving = new Set<object>();
  readonly #told = new Map<ClusterName, LinkStatus>();
  /** Until when each cluster that isn't linked was, in milliseconds since 1970. */
  readonly #upUntil = new Map<ClusterName, number>();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #begun: number;
  readonly #subscribers = new Subscribers<[cluster: ClusterName]>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#begun = clock.now();
  }

  /** Notes what a worker says of its links to a cluster. Returns whether it now gets through, as it did not before. */
  note(worker: object, cluster: ClusterName, status: LinkStatus): boolean {
    const said = this.#workers.getOrInsertComputed(worker, () => new Map());
    const before = said.get(cluster)?.state;
    said.set(cluster, status);
    this.#tell(cluster);
    return status.state === 'up' && before !== 'up';
  }

  /** The worker takes requests from now on. */
  serves(worker: object): void {
    this.#serving.add(worker);
    for (const cluster of this.#workers.get(worker)?.keys() ?? []) this.#tell(cluster);
  }

  /** A worker is there no more. */
  forget(worker: object): void {
    const clusters = [...(this.#workers.get(worker)?.keys() ?? [])];
    this.#workers.delete(worker);
    this.#serving.delete(worker);
    for (const cluster of clusters) this.#tell(cluster);
  }

  state(cluster: ClusterName): LinkStatus {
    return combinedStatus(
      [...this.#serving].flatMap((worker) => this.#workers.get(worker)?.get(cluster) ?? []),
    );
  }

  /** The serving worker that tries to reach, for all, the clusters that it can't reach; none where it is alone. */
  get scouting(): { readonly scout: object | undefined; readonly clusters: ClusterName[] } {
    const [scout] = this.#serving;
    if (scout === undefined || this.#serving.size === 1) return { scout: undefined, clusters: [] };
    const said = [...(this.#workers.get(scout) ?? [])];
    return { scout, clusters: said.flatMap(([one, { state }]) => (state === 'down' ? one : [])) };
  }

  /** Since when no link to a cluster is up, in milliseconds since 1970: undefined while one may be, at the earliest since this gateway began. */
  downSince(cluster: ClusterName): number | undefined {
    const { state } = this.state(cluster);
    if (state === 'up' || state === 'suspect') return undefined;
    return this.#upUntil.get(cluster) ?? this.#begun;
  }

  /** Calls `subscriber` when a cluster's state changes or its round trip moves notably. Returns a function that stops that. */
  onChange(subscriber: (cluster: ClusterName) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  #tell(cluster: ClusterName): void {
    const status = this.state(cluster);
    const told = this.#told.get(cluster) ?? { state: 'none' };
    const isAsTold = status.state === told.state && isDeepStrictEqual(status.used, told.used);
    if (isAsTold && !movedNotably(told.rttMs, status.rttMs)) return;
    if (told.state === 'up' && status.state !== 'up') this.#upUntil.set(cluster, this.#clock.now());
    this.#told.set(cluster, status);
    this.#subscribers.tell(cluster);
  }
}
