/** Owns the mirror of one prefix: list, watch, resume, and list again when the watch cannot be trusted. */
import { backoffDelay } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Lineage, Listing, Store, StoredValue, Watch, WatchEvent } from './store.ts';

/** The changes below a prefix, in one revision or, when `relisted`, between two lists. */
export interface PrefixChange {
  readonly puts: readonly StoredValue[];
  readonly deletes: readonly { readonly key: string; readonly modRevision: number }[];
  /** Everything up to this revision has been reported. */
  readonly revision: number;
  /**
   * True when found by comparing lists: intermediate values were skipped, and a delete's `modRevision` is that of
   * the list, for the true one is not known.
   */
  readonly relisted: boolean;
}

export type ReflectorState =
  /** Nothing is known yet. */
  | { readonly kind: 'listing'; readonly problem?: IsthmusError }
  | { readonly kind: 'watching' }
  /** The keys stay as of the revision; the registry is being tried again. */
  | { readonly kind: 'stale'; readonly since: number; readonly problem: IsthmusError };

interface ReflectorOptions {
  readonly store: Store;
  readonly prefix: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Milliseconds between full lists that catch a silently stalled watch. */
  readonly resyncEveryMs: number;
  /** Milliseconds of silence after which the registry is asked for a sign of life; after twice that, the watch starts over. */
  readonly quietMs: number;
  /** Looks at the values of a list that are to be reported, for as long as it likes. Never rejects. */
  prepare(values: readonly StoredValue[]): Promise<void>;
  listed(values: readonly StoredValue[], revision: number): void;
  changed(change: PrefixChange): void;
  /** State, revision, contact or count of resyncs changed. */
  updated(): void;
}

/** The registry reads its log and its revision one after the other, and takes writes in between. */
const advanceSlack = 10;
const backoff = { baseMs: 100, maxMs: 5000 };
/** In place of the revision of a key whose value was not taken; no key has it. */
const passedOver = 0;

export class Reflector {
  readonly #options: ReflectorOptions;
  #store: Store;
  /** The revision of each key that was reported. Values are the handler's. */
  readonly #held = new Map<string, number>();
  #state: ReflectorState = { kind: 'listing' };
  /** The history that those revisions are of. */
  #lineage: Lineage | undefined;
  /** Whether the registry tells another history since: no revision says that a value is the one that is known. */
  #isAnother = false;
  #revision = 0;
  #contact: number;
  #resyncs = 0;
  #mustList = true;
  /** Counts cycles, so that one overtaken while it listed steps back. */
  #cycle = 0;
  #failures = 0;
  #closed = false;
  /** Between an attempt that failed and the next. */
  #waits = false;
  #watch: Watch | undefined;
  #cancelRetry = (): void => {};
  #cancelQuiet = (): void => {};
  #cancelResync = (): void => {};

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#contact = options.clock.monotonic();
  }

  get state(): ReflectorState {
    return this.#state;
  }

  /** Everything up to this revision has been reported; 0 before the first list. */
  get revision(): number {
    return this.#revision;
  }

  /** Milliseconds since the registry was last heard. */
  get silenceMs(): number {
    return this.#options.clock.monotonic() - this.#contact;
  }

  /** How often it listed again after the first time. */
  get resyncs(): number {
    return this.#resyncs;
  }

  start(): void {
    void this.#begin();
  }

  /** Tries now, if it waits before it tries again: somebody needs to know. */
  hurry(): void {
    if (this.#waits) void this.#begin();
  }

  /** Goes on with another way to the same registry. */
  use(store: Store): void {
    this.#store = store;
    void this.#begin();
  }

  /** The revision of a key's last change that was reported; undefined where none was, or its value was not taken. */
  revisionOf(key: string): number | undefined {
    return this.#held.get(key) || undefined;
  }

  /** What stands at a key was not taken: it is reported again with the next list. */
  passedOver(key: string): void {
    if (this.#held.has(key)) this.#held.set(key, passedOver);
  }

  close(): void {
    this.#closed = true;
    this.#waits = false;
    this.#cancelResync();
    this.#stopWatch();
  }

  /** Sees whether the registry is the one it was, lists if it must, then watches from the revision after. */
  async #begin(): Promise<void> {
    this.#stopWatch();
    this.#waits = false;
    this.#cycle += 1;
    const cycle = this.#cycle;
    const store = this.#store;
    const { prefix } = this.#options;
    try {
      const lineage = await store.lineage();
      if (this.#closed || cycle !== this.#cycle) return;
      this.#recognise(lineage);
      if (this.#mustList) {
        const listing = await store.list(prefix);
        const news = this.#newsOf(listing);
        await this.#options.prepare(news);
        if (this.#closed || cycle !== this.#cycle) return;
        this.#take(listing, news);
      }
    } catch (thrown) {
      if (cycle === this.#cycle) this.#retry(asIsthmusError(thrown));
      return;
    }
    this.#watch = store.watch(prefix, this.#revision + 1, {
      events: (events, revision) => this.#events(events, revision),
      progress: (revision) => {
        this.#revision = Math.max(this.#revision, revision);
        this.#heard();
      },
      ended: (error) => this.#retry(error),
    });
    this.#expectSigns();
  }

  /**
   * One that was restored from a backup, or is another, may have come beyond the revision known here before anybody looks: then nothing
   * that is known by its revision is known.
   */
  #recognise(lineage: Lineage | undefined): void {
    const before = this.#lineage;
    this.#lineage = lineage ?? before;
    if (before === undefined || lineage === undefined) return;
    const isSame = lineage.advance >= before.advance - advanceSlack;
    if (lineage.cluster === before.cluster && isSame) return;
    const { log, prefix } = this.#options;
    log.warn(
      { prefix, known: this.#revision },
      'the registry was restored, or is another; listing',
    );
    this.#mustList = true;
    this.#isAnother = true;
  }

  /** The values of a list that were not reported, or not taken. */
  #newsOf({ values }: Listing): readonly StoredValue[] {
    if (this.#revision === 0 || this.#isAnother) return values;
    return values.filter(({ key, modRevision }) => this.#held.get(key) !== modRevision);
  }

  #take(listing: Listing, news: readonly StoredValue[]): void {
    const { clock, random, resyncEveryMs } = this.#options;
    this.#contact = clock.monotonic();
    this.#mustList = false;
    this.#cancelResync();
    // Spread over the last tenth, so that a fleet that started together does not list together.
    this.#cancelResync = clock.after(resyncEveryMs * (0.9 + 0.1 * random()), () => {
      this.#mustList = true;
      void this.#begin();
    });
    if (this.#revision === 0) this.#adopt(listing);
    else this.#reconcile(listing, news);
  }

  #adopt({ values, revision }: Listing): void {
    for (const { key, modRevision } of values) this.#held.set(key, modRevision);
    this.#revision = revision;
    this.#options.listed(values, revision);
  }

  /** Reports how a new list differs from what was reported. */
  #reconcile({ values, revision }: Listing, puts: readonly StoredValue[]): void {
    const known = this.#revision;
    this.#resyncs += 1;
    const isAnother = this.#isAnother;
    this.#isAnother = false;
    const missed = puts.filter(
      ({ key, modRevision }) => modRevision <= known && this.#held.get(key) !== passedOver,
    ).length;
    const present = new Set(values.map(({ key }) => key));
    const deletes = [...this.#held.keys()]
      .filter((key) => !present.has(key))
      .map((key) => ({ key, modRevision: revision }));
    for (const { key, modRevision } of puts) this.#held.set(key, modRevision);
    for (const { key } of deletes) this.#held.delete(key);
    this.#revision = revision;
    if (missed > 0 && revision >= known && !isAnother) {
      const { log, prefix } = this.#options;
      log.error({ prefix, missed, known, revision }, 'the watch had missed changes; listed again');
    }
    if (puts.length + deletes.length > 0) {
      this.#options.changed({ puts, deletes, revision, relisted: true });
    }
  }

  #events(events: readonly WatchEvent[], revision: number): void {
    const puts: StoredValue[] = [];
    const deletes: { key: string; modRevision: number }[] = [];
    for (const event of events) {
      if (event.type === 'put') {
        puts.push(event.value);
        this.#held.set(event.value.key, event.value.modRevision);
      } else {
        deletes.push({ key: event.key, modRevision: event.modRevision });
        this.#held.delete(event.key);
      }
    }
    this.#revision = revision;
    this.#options.changed({ puts, deletes, revision, relisted: false });
    this.#heard();
  }

  #heard(): void {
    this.#contact = this.#options.clock.monotonic();
    this.#failures = 0;
    if (this.#state.kind !== 'watching') this.#state = { kind: 'watching' };
    this.#options.updated();
  }

  /** Looks for signs of life: asks for one after `quietMs` of silence, and starts over when as much again brings none. */
  #expectSigns(): void {
    const { clock, quietMs, prefix } = this.#options;
    const started = clock.monotonic();
    let askedAt: number | undefined;
    const look = (): void => {
      const now = clock.monotonic();
      if (askedAt !== undefined && this.#contact > askedAt) askedAt = undefined;
      if (askedAt !== undefined && now - askedAt >= quietMs) {
        const what = `The watch has been silent for ${Math.round(this.silenceMs)} ms`;
        this.#retry(new IsthmusError('TIMED_OUT', { what, where: prefix }));
        return;
      }
      if (askedAt === undefined && now - Math.max(started, this.#contact) >= quietMs) {
        this.#watch?.requestProgress();
        askedAt = now;
      }
      this.#cancelQuiet = clock.after(quietMs / 2, look);
    };
    this.#cancelQuiet = clock.after(quietMs / 2, look);
  }

  /** Keeps what is known, and tries again after a while. */
  #retry(error: IsthmusError): void {
    if (this.#closed) return;
    const { clock, random } = this.#options;
    this.#stopWatch();
    if (error.code === 'REGISTRY_COMPACTED' || error.code === 'REGISTRY_FUTURE_REVISION') {
      this.#mustList = true;
    }
    if (this.#revision === 0) this.#state = { kind: 'listing', problem: error };
    else if (this.#state.kind === 'stale') this.#state = { ...this.#state, problem: error };
    else this.#state = { kind: 'stale', since: clock.now(), problem: error };
    this.#waits = true;
    this.#cancelRetry = clock.after(backoffDelay(backoff, this.#failures, random), () => {
      void this.#begin();
    });
    this.#failures += 1;
    this.#options.updated();
  }

  #stopWatch(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#cancelQuiet();
    this.#cancelRetry();
  }
}
