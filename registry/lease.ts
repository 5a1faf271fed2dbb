/** Owns the lease of a session: one after the other, each kept alive until it is lost. */
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../core/errors.ts';
import type { Store } from './store.ts';

interface LeaseOptions {
  /** Time to live in milliseconds; kept alive at a third of it. */
  readonly ttlMs: number;
  /** The way to the registry of the moment. */
  store(): Store;
  /** The registry does not know the lease any more. */
  onLost(): void;
  /** It could not be kept alive this time. Returns when to try again at the latest, in milliseconds. */
  onFailure(error: IsthmusError): number;
  readonly clock: Clock;
}

export class Lease {
  readonly #options: LeaseOptions;
  #id: string | undefined;
  #isStopped = false;
  #cancelBeat = (): void => {};

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** The lease in force; undefined before there is one, and once it is lost. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Has the registry grant a lease. Rejects with what the registry answers. */
  async grant(): Promise<void> {
    const { ttlMs, store } = this.#options;
    this.#id = await store().grantLease(ttlMs / 1000);
    this.#schedule(ttlMs / 3);
  }

  /** The lease is in force no more. */
  drop(): void {
    this.#id = undefined;
    this.#cancelBeat();
  }

  /** No lease is kept alive any more; one in force runs out unless it is revoked. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelBeat();
  }

  #schedule(ms: number): void {
    this.#cancelBeat();
    if (this.#isStopped) return;
    this.#cancelBeat = this.#options.clock.after(ms, () => void this.#beat());
  }

  /** Keeps the lease alive once, and plans the next time: sooner after a failure. */
  async #beat(): Promise<void> {
    const { ttlMs, store, onLost, onFailure } = this.#options;
    const id = this.#id;
    if (id === undefined) return;
    let next = ttlMs / 3;
    const isOver = () => this.#isStopped || id !== this.#id;
    try {
      await store().keepAlive(id);
    } catch (thrown) {
      if (isOver()) return;
      const error = asIsthmusError(thrown);
      if (error.code === 'REGISTRY_LEASE_NOT_FOUND') {
        onLost();
        return;
      }
      next = Math.min(next, onFailure(error));
    }
    if (!isOver()) this.#schedule(next);
  }
}
