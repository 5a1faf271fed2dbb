/** Owns what this gateway writes below `drills/`: signed, under its lease or for good, whenever the registry answers. */
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, FederationName } from '../../../core/names.ts';
import type { DrillRecords } from '../../../federation/drills/records.ts';
import { type DrillKey, encodeDrillKey } from '../../../registry/drill-keys.ts';
import { LeaseSession } from '../../../registry/session.ts';
import { type Signer, signRecord } from '../../../registry/signing.ts';
import type { Store } from '../../../registry/store.ts';

interface DrillWriterOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterName;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type Kind = DrillKey['kind'];
/** A key of this cluster. */
type OwnKey = DrillKey extends infer Key
  ? Key extends DrillKey
    ? Omit<Key, 'cluster'>
    : never
  : never;

/** Keys that go with this gateway; all others stay until they are erased. */
const leased: ReadonlySet<Kind> = new Set(['beats', 'aborts', 'measures']);
/** A driver that is killed is known to be gone after this long even where nobody counts its beats. Seconds. */
const leaseSeconds = 10;

export class DrillWriter {
  readonly #options: DrillWriterOptions;
  readonly #session: LeaseSession;

  constructor(options: DrillWriterOptions) {
    const { store, clock, random, log } = options;
    this.#options = options;
    this.#session = new LeaseSession({ store, ttlSeconds: leaseSeconds, clock, random, log });
    this.#session.start();
  }

  /** Whether what is written gets there now. */
  get isHeard(): boolean {
    const { kind } = this.#session.state;
    return kind === 'converged' || kind === 'converging';
  }

  /** Writes now, where it waits before it tries again. */
  hurry(): void {
    this.#session.hurry();
  }

  /** A record has its key's fields: nobody believes it elsewhere. */
  write<K extends Kind>(kind: K, record: DrillRecords[K]): void {
    const { federation, signer } = this.#options;
    const key = encodeDrillKey(federation, { kind, ...record } as unknown as DrillKey);
    const written = kind === 'measures' ? record : signRecord(key, record, signer);
    this.#session.put(key, JSON.stringify(written), { persistent: !leased.has(kind) });
  }

  erase(key: OwnKey): void {
    const { federation, self: cluster } = this.#options;
    this.#session.delete(encodeDrillKey(federation, { ...key, cluster }));
  }

  /** Resolves once everything wanted is in the registry. Rejects when this closes before. */
  written(): Promise<void> {
    return this.#session.converged();
  }

  /** With `withdraw`, what is under the lease goes at once. */
  close(options: { readonly withdraw: boolean }): Promise<void> {
    return this.#session.close({ revoke: options.withdraw });
  }
}
