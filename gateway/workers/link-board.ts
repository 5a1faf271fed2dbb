/** Owns the links of all workers as the control side sees them: one state and round trip for each cluster. */
import { Listeners } from '../../core/listeners.ts';
import type { ClusterName } from '../../core/names.ts';
import type { LinkStatus } from '../link/pool.ts';
import { movedNotably } from '../link/rtt.ts';

/** A request may come to any worker, so a cluster is linked when all of them are, and lost when none is. */
export function combinedStatus(said: readonly LinkStatus[]): LinkStatus {
  const states = new Set(said.map(({ state }) => state));
  states.delete('none');
  const [state = 'none'] = states;
  const rtts = said.flatMap(({ rttMs }) => rttMs ?? []);
  return {
    state: states.size > 1 ? 'connecting' : state,
    rttMs: rtts.length === 0 ? undefined : Math.min(...rtts),
  };
}

export class LinkBoard {
  readonly #workers = new Map<object, Map<ClusterName, LinkStatus>>();
  /** Those that take requests: only theirs count. */
  readonly #serving = new Set<object>();
  readonly #told = new Map<ClusterName, LinkStatus>();
  readonly #listeners = new Listeners<[cluster: ClusterName]>();

  /** Notes what a worker says of its links to a cluster. */
  note(worker: object, cluster: ClusterName, status: LinkStatus): void {
    this.#workers.getOrInsertComputed(worker, () => new Map()).set(cluster, status);
    this.#tell(cluster);
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

  /** Calls `listener` when a cluster's state changes or its round trip moves notably. Returns a function that stops that. */
  onChange(listener: (cluster: ClusterName) => void): () => void {
    return this.#listeners.add(listener);
  }

  #tell(cluster: ClusterName): void {
    const status = this.state(cluster);
    const told = this.#told.get(cluster) ?? { state: 'none' };
    if (status.state === told.state && !movedNotably(told.rttMs, status.rttMs)) return;
    this.#told.set(cluster, status);
    this.#listeners.tell(cluster);
  }
}
