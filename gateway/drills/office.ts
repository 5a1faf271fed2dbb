/** Owns what this gateway writes below `drills/`: signed, under its lease or for good, whenever the registry answers. */
import type { Clock, Random } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName } from '../../core/names.ts';
import type { Drill } from '../../federation/drills/model.ts';
import type {
  AbortRecord,
  BeatRecord,
  DrainRecord,
  FailoverRecord,
  MeasureRecord,
  ScheduleRecord,
} from '../../federation/drills/records.ts';
import { type DrillKey, encodeDrillKey } from '../../registry/drill-keys.ts';
import { LeaseSession } from '../../registry/session.ts';
import { type Signer, signRecord } from '../../registry/signing.ts';
import type { Store } from '../../registry/store.ts';

export interface OfficeOptions {
  readonly store: Store;
  readonly federation: FederationName;
  readonly self: ClusterName;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A driver that is killed is known to be gone after this long even where nobody counts its beats. Seconds. */
const leaseSeconds = 10;

export class Office {
  readonly #options: OfficeOptions;
  readonly #session: LeaseSession;

  constructor(options: OfficeOptions) {
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

  drill(drill: Drill): void {
    this.#sign({ kind: 'runs', cluster: this.#options.self, id: drill.id }, drill, true);
  }

  forget(drill: Drill): void {
    this.#delete({ kind: 'runs', cluster: this.#options.self, id: drill.id });
  }

  beat(record: BeatRecord): void {
    this.#sign({ kind: 'beats', cluster: record.cluster, id: record.id }, record, false);
  }

  silence(id: string): void {
    this.#delete({ kind: 'beats', cluster: this.#options.self, id });
  }

  abort(record: AbortRecord): void {
    this.#sign({ kind: 'aborts', cluster: record.cluster, id: record.id }, record, false);
  }

  withdrawAbort(id: string): void {
    this.#delete({ kind: 'aborts', cluster: this.#options.self, id });
  }

  measure(record: MeasureRecord): void {
    const key: DrillKey = { kind: 'measures', cluster: record.cluster, id: record.id };
    this.#session.put(this.#key(key), JSON.stringify(record));
  }

  drain(record: DrainRecord): void {
    this.#sign({ kind: 'drains', cluster: record.cluster, of: record.of }, record, true);
  }

  failover(record: FailoverRecord): void {
    const { cluster, service } = record;
    this.#sign({ kind: 'failovers', cluster, service }, record, true);
  }

  schedule(record: ScheduleRecord): void {
    this.#sign({ kind: 'schedules', cluster: record.cluster, name: record.name }, record, true);
  }

  unschedule(name: string): void {
    this.#delete({ kind: 'schedules', cluster: this.#options.self, name });
  }

  /** Resolves once everything wanted is in the registry. Rejects when this closes before. */
  written(): Promise<void> {
    return this.#session.converged();
  }

  /** With `withdraw`, what is under the lease goes at once. */
  close(options: { readonly withdraw: boolean }): Promise<void> {
    return this.#session.close({ revoke: options.withdraw });
  }

  #sign(key: DrillKey, record: object, persistent: boolean): void {
    const text = this.#key(key);
    const signed = signRecord(text, record, this.#options.signer);
    this.#session.put(text, JSON.stringify(signed), { persistent });
  }

  #delete(key: DrillKey): void {
    this.#session.delete(this.#key(key));
  }

  #key(key: DrillKey): string {
    return encodeDrillKey(this.#options.federation, key);
  }
}
