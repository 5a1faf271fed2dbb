/** Owns how much of each cluster's records is taken from the registry: what is held of it, and which records were more than that. */
import { IsthmusError } from '../core/errors.ts';
import type { ClusterName } from '../core/names.ts';

/** The most of one cluster. */
export interface Quota {
  /** Summaries of services. */
  readonly services: number;
  readonly records: number;
  /** Of the records' JSON, in UTF-16 code units: an octet each in ASCII. */
  readonly bytes: number;
}

/** What is held of one cluster. Endpoints are those of the own cluster; of others there are none. */
export interface Holding extends Quota {
  readonly endpoints: number;
}

/** What a record adds to what is held of its cluster. */
interface Share {
  readonly cluster: ClusterName;
  readonly kind: string;
  readonly bytes: number;
}

/** As the configuration has them. */
const keys: Readonly<Record<keyof Quota, string>> = {
  services: 'quotas.services',
  records: 'quotas.records',
  bytes: 'quotas.maxBytes',
};

const nothing: Holding = { endpoints: 0, services: 0, records: 0, bytes: 0 };

/** Pure: which limit of `quota` would be passed by what is held; undefined: none. */
export function exceeded(quota: Quota, held: Quota): keyof Quota | undefined {
  return (['services', 'records', 'bytes'] as const).find((what) => held[what] > quota[what]);
}

export class Quotas {
  readonly #quota: Quota;
  readonly #held = new Map<ClusterName, Holding>();
  /** Keys of the records that stand in the registry and are not taken, and the limit that the last of them would have passed. */
  readonly #over = new Map<ClusterName, { readonly keys: Set<string>; of: keyof Quota }>();

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  held(cluster: ClusterName): Holding {
    return this.#held.get(cluster) ?? nothing;
  }

  /** Notes a record that is taken whatever there is of its cluster, in place of the one before. */
  take(share: Share, before: Share | undefined): void {
    this.#held.set(share.cluster, this.#with(share, before));
  }

  /** Notes a record, unless that would be too much of its cluster: then false, and it counts among those that are not taken. */
  admit(key: string, share: Share, before: Share | undefined): boolean {
    const { cluster } = share;
    const with_ = this.#with(share, before);
    const of = exceeded(this.#quota, with_);
    // What makes nothing more is no part of a flood.
    const isMore = before === undefined || share.bytes > before.bytes;
    if (of === undefined || !isMore) {
      this.#held.set(cluster, with_);
      this.forget(cluster, key);
      return true;
    }
    const over = this.#over.getOrInsertComputed(cluster, () => ({ keys: new Set<string>(), of }));
    over.keys.add(key);
    over.of = of;
    return false;
  }

  /** A record is held no more. */
  release(share: Share): void {
    this.#held.set(share.cluster, sum(this.held(share.cluster), share, -1));
  }

  /** What stands at the key is taken, or gone. */
  forget(cluster: ClusterName, key: string): void {
    const over = this.#over.get(cluster);
    if (over?.keys.delete(key) && over.keys.size === 0) this.#over.delete(cluster);
  }

  /** One for each cluster that has too much, by its name. */
  get problems(): Map<string, IsthmusError> {
    return new Map(
      Array.from(this.#over, ([cluster, { keys: over, of }]) => [
        `quota/${cluster}`,
        new IsthmusError('QUOTA_EXCEEDED', {
          what: `${cluster} has more in the registry than is taken of one cluster here: of its records ${over.size} would pass ${keys[of]}, ${this.#quota[of]}; what was known of it stays`,
          where: cluster,
        }),
      ]),
    );
  }

  #with(share: Share, before: Share | undefined): Holding {
    const held = this.held(share.cluster);
    return sum(before === undefined ? held : sum(held, before, -1), share, 1);
  }
}

function sum(held: Holding, { kind, bytes }: Share, by: 1 | -1): Holding {
  return {
    endpoints: held.endpoints + (kind === 'endpoints' ? by : 0),
    services: held.services + (kind === 'exports' ? by : 0),
    records: held.records + by,
    bytes: held.bytes + by * bytes,
  };
}
