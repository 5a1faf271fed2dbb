/** Owns the store that a gateway has while a drill takes its registry away: nobody answers. */
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { EtcdStore } from '../../../registry/etcd-store.ts';
import type { StoreState, Watch, WatchHandler } from '../../../registry/store.ts';

export class LostStore implements EtcdStore {
  /**
   * Whether leases are kept alive all the same, though whoever asks is told they can't be: an outage of the registry expires no
   * lease. False: they run out, as those of a cluster that alone is cut off.
   */
  keepsLease: boolean;
  readonly state: StoreState;
  readonly problem = undefined;
  readonly #registry: EtcdStore;
  readonly #clock: Clock;

  readonly get = unanswered;
  readonly getMany = unanswered;
  readonly list = unanswered;
  readonly txn = unanswered;
  readonly lineage = unanswered;
  readonly grantLease = unanswered;
  readonly revokeLease = unanswered;
  readonly endpoints = unanswered;
  readonly database = unanswered;
  readonly tells = unanswered;
  readonly compact = unanswered;

  constructor(registry: EtcdStore, keepsLease: boolean, clock: Clock) {
    this.#registry = registry;
    this.#clock = clock;
    this.keepsLease = keepsLease;
    this.state = { kind: 'unavailable', since: clock.now(), problem: lost() };
  }

  /** Never calls: the store stays lost. */
  onState(): () => void {
    return () => {};
  }

  watch(_prefix: string, _fromRevision: number, handler: WatchHandler): Watch {
    // Later, as any failure of a watch comes.
    const cancel = this.#clock.after(0, () => handler.ended(lost()));
    return { requestProgress: () => {}, close: cancel };
  }

  async keepAlive(lease: string): Promise<number> {
    if (this.keepsLease) await this.#registry.keepAlive(lease);
    throw lost();
  }

  setTls(): void {}

  hurry(): void {}

  async close(): Promise<void> {}
}

async function unanswered(): Promise<never> {
  throw lost();
}

function lost(): IsthmusError {
  return new IsthmusError('REGISTRY_UNAVAILABLE', {
    what: 'The registry is lost on purpose, by a drill',
    fix: 'See `isthmus drill list`.',
  });
}
