/** Owns what one gateway has in the registry: its lease, the keys it wants there, and making the registry agree. */
import { backoffDelay } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { Subscribers } from '../core/subscribers.ts';
import { DesiredKeys, withdraw } from './desired-keys.ts';
import { concernsAll } from './etcd-errors.ts';
import { Lease } from './lease.ts';
import type { Store } from './store.ts';

type SessionState =
  | { readonly kind: 'idle' }
  /** `pending` keys differ from the registry, as far as known. */
  | { readonly kind: 'converging'; readonly pending: number }
  /** Everything wanted is in the registry, except `refused` keys that it would not take. */
  | { readonly kind: 'converged'; readonly keys: number; readonly refused: number }
  /** The registry does not answer, lets nobody in or takes no writes; changes are recorded and written once it does. */
  | {
      readonly kind: 'cut-off';
      readonly since: number;
      readonly problem: IsthmusError;
      readonly pending: number;
    }
  | { readonly kind: 'closed' };

interface SessionOptions {
  readonly store: Store;
  /** Time to live of the lease in seconds; default 15. Kept alive at a third of it. */
  readonly ttlSeconds?: number;
  /** The revision of a key as watches told it: one that is wanted anew is written without being read. Default: nothing was told. */
  heardOf?(key: string): number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** First and longest wait before another attempt. */
const backoff = { baseMs: 200, maxMs: 5000 };
/** How long a key the registry refused waits for another attempt, for a refusal may be lifted (a role granted late). */
const refusedRetryMs = 30_000;

/**
 * A lease and the keys under it, kept as a wish: `put` and `delete` change what is wanted and never
 * fail; the session writes what differs, whenever the registry answers. A lost lease is granted anew and
 * its keys are put again. Writes are fenced by the revision last seen, so that one delayed in the network
 * cannot undo a later one.
 */
export class LeaseSession {
  readonly #options: SessionOptions;
  #store: Store;
  readonly #keys: DesiredKeys;
  readonly #subscribers = new Subscribers<[state: SessionState]>();
  #state: SessionState = { kind: 'idle' };
  readonly #lease: Lease;
  #converging: Promise<void> | undefined;
  #failures = 0;
  #cancelRetry = (): void => {};
  #cancelRefusedRetry = (): void => {};
  #unsubscribe = (): void => {};

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#keys = new DesiredKeys((key) => options.heardOf?.(key));
    this.#lease = new Lease({
      ttlMs: (options.ttlSeconds ?? 15) * 1000,
      store: () => this.#store,
      onLost: () => {
        this.#leaseLost();
        this.#changed();
      },
      onFailure: (error) => this.#beatFailed(error),
      clock: options.clock,
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The lease in force, if any; for diagnostics. */
  get lease(): string | undefined {
    return this.#lease.id;
  }

  onState(subscriber: (state: SessionState) => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Begins to write. Returns at once: the registry may be down. */
  start(): void {
    if (this.#state.kind !== 'idle') return;
    this.#followStore();
    this.#setState({ kind: 'converging', pending: this.#keys.pending });
    this.#kick();
  }

  /** Goes on, once started, with another way to the same registry; a write under way ends on the one it began on. */
  use(store: Store): void {
    if (!this.#isOpen()) return;
    this.#unsubscribe();
    this.#store = store;
    this.#followStore();
    this.hurry();
  }

  /** Wants `key` to hold `value`: under the lease, or, when `persistent`, beyond its end. */
  put(
    key: string,
    value: string | Uint8Array,
    options: { readonly persistent?: boolean } = {},
  ): void {
    if (this.#keys.want(key, { value, persistent: options.persistent ?? false })) this.#changed();
  }

  /** Wants `key` gone. */
  delete(key: string): void {
    if (this.#keys.want(key, undefined)) this.#changed();
  }

  /** Whether `key` should hold just this: what the registry tells of it is what was written here. */
  wantsThis(key: string, value: Uint8Array): boolean {
    return this.#keys.wantsThis(key, value);
  }

  /** Whether `key` should hold something. */
  wants(key: string): boolean {
    return this.#keys.wants(key);
  }

  /** Why keys are not written: one problem for each that the registry refused, and one where it takes none at all, unless it is just silent. */
  get problems(): IsthmusError[] {
    const refused = [...this.#keys.refused].map(([key, { code, message, cause }]) => {
      return new IsthmusError(code, {
        what: `It could not be written: ${message}`,
        where: key,
        cause,
      });
    });
    const { problem } = this.#state.kind === 'cut-off' ? this.#state : {};
    return problem?.code === 'REGISTRY_FULL' ? [problem, ...refused] : refused;
  }

  /** Waits for the registry to hold what `keys` should, but no longer than until it refuses one, fails, or `patienceMs` are over. */
  holds(keys: ReadonlySet<string>, patienceMs: number): Promise<boolean> {
    const held = (): boolean => keys.values().every((key) => this.#keys.holds(key));
    return new Promise((resolve) => {
      const settle = (): void => {
        const isOver = this.#state.kind !== 'converging' && this.#state.kind !== 'converged';
        const isRefused = keys.values().some((key) => this.#keys.refused.has(key));
        if (!held() && !isOver && !isRefused) return;
        stop();
        cancel();
        resolve(held() && !isOver);
      };
      const stop = this.onState(settle);
      const cancel = this.#options.clock.after(patienceMs, () => {
        stop();
        resolve(held());
      });
      settle();
    });
  }

  /** Looks at keys again that somebody else may have deleted, and puts those that are wanted again. */
  restore(keys: Iterable<string>): void {
    this.#keys.doubt(keys);
    this.#changed();
  }

  /** Tries now, if it is cut off and waits before it tries again: the registry answers again, or somebody needs to know. */
  hurry(): void {
    if (this.#state.kind !== 'cut-off') return;
    this.#cancelRetry();
    this.#kick();
  }

  /** Resolves once everything wanted is in the registry; rejects when the session closes before. */
  converged(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (state: SessionState): void => {
        if (state.kind !== 'converged' && state.kind !== 'closed') return;
        stop();
        if (state.kind === 'converged') resolve();
        else reject(new IsthmusError('REGISTRY_UNAVAILABLE', { what: 'The session has closed' }));
      };
      const stop = this.onState(settle);
      settle(this.#state);
    });
  }

  /**
   * Ends the session. With `revoke` it leaves gracefully: leased keys are deleted one after the other, last put first
   * and the first put alone at the end, so that watchers see them withdrawn while that key still stands; a
   * lost lease removes them all in one revision. Without it they stay until the lease runs out. Never
   * rejects: what could not be deleted runs out with the lease, and the log says so.
   */
  async close(options: { readonly revoke?: boolean } = {}): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const started = this.#state.kind !== 'idle';
    this.#setState({ kind: 'closed' });
    this.#unsubscribe();
    this.#lease.stop();
    this.#cancelRetry();
    this.#cancelRefusedRetry();
    await this.#converging;
    const lease = this.#lease.id;
    if (!started || !options.revoke || lease === undefined) return;
    const store = this.#store;
    try {
      for (const transaction of this.#keys.withdrawals()) await withdraw(store, transaction);
      await store.revokeLease(lease);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not withdraw from the registry; keys expire');
    }
  }

  #changed(): void {
    const { kind } = this.#state;
    if (kind === 'converged' || kind === 'converging') {
      this.#setState({ kind: 'converging', pending: this.#keys.pending });
      this.#kick();
    } else if (this.#state.kind === 'cut-off') {
      this.#setState({ ...this.#state, pending: this.#keys.pending });
    }
  }

  #kick(): void {
    // Deferred, so that keys put in the same turn travel together.
    this.#converging ??= Promise.resolve().then(() => this.#converge());
  }

  async #converge(): Promise<void> {
    try {
      while (this.#isOpen() && (this.#lease.id === undefined || this.#keys.pending > 0)) {
        await this.#step();
      }
      if (this.#isOpen()) {
        this.#setState({
          kind: 'converged',
          keys: this.#keys.size,
          refused: this.#keys.refused.size,
        });
      }
    } catch (thrown) {
      this.#cutOff(thrown);
    } finally {
      this.#converging = undefined;
      // A subscriber of the last state may have changed a wish.
      if (this.#state.kind === 'converging') this.#kick();
    }
  }

  /** Grants a lease if there is none, else brings one batch of keys in line. */
  async #step(): Promise<void> {
    const store = this.#store;
    const lease = this.#lease.id;
    if (lease === undefined) {
      await this.#lease.grant();
      return;
    }
    const batch = this.#keys.nextBatch();
    try {
      const unread = batch.unread();
      if (unread.length > 0) batch.read(unread, await store.getMany(unread), lease);
      const { compares, ops } = batch.writes(lease);
      if (ops.length > 0) {
        const result = await store.txn(compares, ops);
        // Keys written under a lease that was lost meanwhile went with it.
        if (lease === this.#lease.id) batch.written(result);
      }
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      batch.forget();
      if (error.code === 'REGISTRY_LEASE_NOT_FOUND') this.#leaseLost();
      else if (concernsAll(error)) throw error;
      else {
        batch.refuse(error);
        this.#noteRefusals(error);
      }
    }
    this.#failures = 0;
    if (this.#isOpen()) this.#setState({ kind: 'converging', pending: this.#keys.pending });
  }

  #leaseLost(): void {
    const lease = this.#lease.id;
    this.#options.log.warn({ lease }, 'the lease was lost; putting its keys again');
    this.#lease.drop();
    this.#keys.forgetAll();
  }

  #noteRefusals(error: IsthmusError): void {
    if (this.#keys.refused.size === 0) return;
    this.#options.log.error({ err: error }, 'the registry refused a key');
    this.#cancelRefusedRetry();
    this.#cancelRefusedRetry = this.#options.clock.after(refusedRetryMs, () => {
      this.#keys.retryRefused();
      this.#changed();
    });
  }

  /** Goes on trying: the registry, or the way to it, is down. */
  #cutOff(thrown: unknown): void {
    if (!this.#isOpen()) return;
    const { clock, random } = this.#options;
    const error = asIsthmusError(thrown);
    const since = this.#state.kind === 'cut-off' ? this.#state.since : clock.now();
    const pending = this.#keys.pending;
    this.#setState({ kind: 'cut-off', since, problem: error, pending });
    this.#cancelRetry();
    this.#cancelRetry = clock.after(backoffDelay(backoff, this.#failures, random), () => {
      this.#kick();
    });
    this.#failures += 1;
  }

  #beatFailed(error: IsthmusError): number {
    const againMs = backoffDelay(backoff, this.#failures, this.#options.random);
    // What the registry holds after an outage is read again before it is believed.
    if (this.#state.kind !== 'cut-off') this.#keys.forgetAll();
    this.#cutOff(error);
    return againMs;
  }

  #followStore(): void {
    this.#unsubscribe = this.#store.onState(({ kind }) => {
      if (kind === 'connected') this.hurry();
    });
  }

  #isOpen(): boolean {
    return this.#state.kind !== 'closed' && this.#state.kind !== 'idle';
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.#subscribers.tell(state);
  }
}
