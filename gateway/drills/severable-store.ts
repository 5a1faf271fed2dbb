/** Owns a registry that can be lost on purpose: the store as it is, until it is severed; then as if nobody answered. */
import type { Clock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { Listeners } from '../../core/listeners.ts';
import type { EtcdStore, RegistryTls } from '../../registry/etcd-store.ts';
import type {
  Compare,
  Listing,
  StoredValue,
  StoreState,
  TxnResult,
  Watch,
  WatchHandler,
  WriteOp,
} from '../../registry/store.ts';

export interface Severance {
  /**
   * Leases are kept alive all the same, though whoever asks is told they can't be: an outage of the registry expires no
   * lease. False: they run out, as those of a cluster that alone is cut off.
   */
  readonly keepsLease: boolean;
}

interface OpenWatch {
  readonly inner: Watch;
  readonly handler: WatchHandler;
}

export class SeverableStore implements EtcdStore {
  /** What it stands on, which is never severed. */
  readonly inner: EtcdStore;
  readonly #clock: Clock;
  readonly #watches = new Set<OpenWatch>();
  readonly #listeners = new Listeners<[state: StoreState]>();
  readonly #stopFollowing: () => void;
  #severed: (Severance & { readonly since: number }) | undefined;

  constructor(inner: EtcdStore, clock: Clock) {
    this.inner = inner;
    this.#clock = clock;
    this.#stopFollowing = inner.onState(() => {
      if (!this.#severed) this.#announce();
    });
  }

  sever(severance: Severance): void {
    const since = this.#severed?.since ?? this.#clock.now();
    const isNew = this.#severed === undefined;
    this.#severed = { ...severance, since };
    if (!isNew) return;
    for (const watch of this.#watches) {
      watch.inner.close();
      watch.handler.ended(lost());
    }
    this.#watches.clear();
    this.#announce();
  }

  restore(): void {
    if (!this.#severed) return;
    this.#severed = undefined;
    this.#announce();
  }

  get state(): StoreState {
    const { since } = this.#severed ?? {};
    return since === undefined
      ? this.inner.state
      : { kind: 'unavailable', since, reason: lost().message };
  }

  onState(listener: (state: StoreState) => void): () => void {
    return this.#listeners.add(listener);
  }

  get(key: string): Promise<StoredValue | undefined> {
    return this.#reached(() => this.inner.get(key));
  }

  getMany(keys: readonly string[]): Promise<readonly (StoredValue | undefined)[]> {
    return this.#reached(() => this.inner.getMany(keys));
  }

  list(prefix: string): Promise<Listing> {
    return this.#reached(() => this.inner.list(prefix));
  }

  txn(compares: readonly Compare[], ops: readonly WriteOp[]): Promise<TxnResult> {
    return this.#reached(() => this.inner.txn(compares, ops));
  }

  watch(prefix: string, fromRevision: number, handler: WatchHandler): Watch {
    if (this.#severed) {
      // Later, as any failure of a watch comes.
      const cancel = this.#clock.after(0, () => handler.ended(lost()));
      return { requestProgress: () => {}, close: cancel };
    }
    const open: OpenWatch = {
      handler,
      inner: this.inner.watch(prefix, fromRevision, {
        events: (events, revision) => handler.events(events, revision),
        progress: (revision) => handler.progress(revision),
        ended: (error) => {
          this.#watches.delete(open);
          handler.ended(error);
        },
      }),
    };
    this.#watches.add(open);
    return {
      requestProgress: () => open.inner.requestProgress(),
      close: () => {
        this.#watches.delete(open);
        open.inner.close();
      },
    };
  }

  grantLease(ttlSeconds: number): Promise<string> {
    return this.#reached(() => this.inner.grantLease(ttlSeconds));
  }

  async keepAlive(lease: string): Promise<number> {
    if (this.#severed?.keepsLease) await this.inner.keepAlive(lease);
    return this.#reached(() => this.inner.keepAlive(lease));
  }

  revokeLease(lease: string): Promise<void> {
    return this.#reached(() => this.inner.revokeLease(lease));
  }

  setTls(tls: RegistryTls): void {
    this.inner.setTls(tls);
  }

  close(): Promise<void> {
    this.#stopFollowing();
    return this.inner.close();
  }

  /** A call that is under way when the registry is lost is lost with it. */
  async #reached<T>(call: () => Promise<T>): Promise<T> {
    if (this.#severed) throw lost();
    const result = await call();
    if (this.#severed) throw lost();
    return result;
  }

  #announce(): void {
    this.#listeners.tell(this.state);
  }
}

function lost(): IsthmusError {
  return new IsthmusError('REGISTRY_UNAVAILABLE', {
    what: 'The registry is lost on purpose, by a drill',
    fix: 'See `isthmus drill list`.',
  });
}
