/** Owns which clusters have left: what is gone from the registry without a departure was lost there, and stays in force. */
import { IsthmusError } from '../core/errors.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { encodeKey, kindPrefix } from './keys.ts';
import type { DepartureRecord } from './model.ts';

/** Kinds of the records that make a cluster a member. */
type MemberRecord = 'clusters' | 'bundles';

/**
 * A cluster that leaves, or is evicted, gets a departure in the transaction that deletes its records. The two
 * are watched apart, so either may be seen first.
 */
export class Departures {
  readonly #left = new Map<ClusterName, DepartureRecord>();
  readonly #lost = new Map<ClusterName, Set<MemberRecord>>();

  /** How a cluster left; undefined for one that is a member, or never was. */
  of(cluster: ClusterName): DepartureRecord | undefined {
    return this.#left.get(cluster);
  }

  get all(): IterableIterator<DepartureRecord> {
    return this.#left.values();
  }

  /** A departure is in the registry. Returns the records that were held until now. */
  left(departure: DepartureRecord): readonly MemberRecord[] {
    const { cluster } = departure;
    const held = [...(this.#lost.get(cluster) ?? [])];
    this.#left.set(cluster, departure);
    this.#lost.delete(cluster);
    return held;
  }

  /** The departure is gone: the cluster is about to be admitted again. */
  forget(cluster: ClusterName): void {
    this.#left.delete(cluster);
  }

  /** A record of a member is gone. Whether it stays in force, for nobody says that the cluster left. */
  holds(cluster: ClusterName, kind: MemberRecord): boolean {
    if (this.#left.has(cluster)) return false;
    this.#lost.set(cluster, new Set(this.#lost.get(cluster)).add(kind));
    return true;
  }

  /** A record stands in the registry. */
  stands(cluster: ClusterName, kind: MemberRecord): void {
    const lost = this.#lost.get(cluster);
    if (lost?.delete(kind) && lost.size === 0) this.#lost.delete(cluster);
  }

  /** Problems of records that were lost, of the members that are known; by the name of the loss. */
  problems(
    federation: FederationName,
    members: ReadonlySet<ClusterName>,
  ): Map<string, IsthmusError> {
    const lost = [...this.#lost.keys()];
    if (lost.length > 0 && lost.length === members.size) {
      const where = kindPrefix(federation, 'clusters');
      const what = `The registry has none of the ${members.size} clusters it had: it looks wiped, or restored empty`;
      return new Map([['loss', new IsthmusError('REGISTRY_WIPED', { what, where })]]);
    }
    return new Map(
      lost.map((cluster) => {
        const where = encodeKey(federation, { kind: 'clusters', cluster });
        const what = `The registry has lost records of ${cluster}, which has not left`;
        return [`loss/${cluster}`, new IsthmusError('RECORD_LOST', { what, where })];
      }),
    );
  }
}
