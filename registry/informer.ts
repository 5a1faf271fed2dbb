/** Owns the mirror of several prefixes of the registry: what they hold, every change after, and how current that is. */
import type { Clock, Random } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { type PrefixChange, Reflector, type ReflectorState } from './reflector.ts';
import type { Store, StoredValue } from './store.ts';

export type { PrefixChange } from './reflector.ts';

/** How current one prefix is. */
interface PrefixStatus {
  readonly prefix: string;
  readonly state: ReflectorState;
  /** Everything up to this revision has been reported; 0 before the first list. */
  readonly revision: number;
  /** Milliseconds since the registry was last heard about this prefix. */
  readonly silenceMs: number;
  /** Lists made after the first. */
  readonly resyncs: number;
}

interface InformerState {
  /** `syncing` until every prefix was listed once; `stale` while any is cut off; else `synced`. */
  readonly kind: 'syncing' | 'synced' | 'stale';
  readonly prefixes: readonly PrefixStatus[];
}

interface InformerHandler {
  /** Looks at what a list of a prefix brings that was not told yet, before it is; nothing is, of that prefix, meanwhile. Never rejects. */
  prepare?(prefix: string, values: readonly StoredValue[]): Promise<void>;
  /** The first list of a prefix. Called once for each. */
  synced(prefix: string, values: readonly StoredValue[], revision: number): void;
  /** A change after that: never lost, never twice, in the order of revisions. */
  changed(prefix: string, change: PrefixChange): void;
  /** The kind of the informer's state changed. */
  state?(state: InformerState): void;
}

export interface InformerOptions {
  readonly store: Store;
  readonly prefixes: readonly string[];
  readonly handler: InformerHandler;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Milliseconds between full lists, which catch a silently stalled watch; default 5 min. */
  readonly resyncEveryMs?: number;
  /** Milliseconds of silence before the registry is asked for a sign of life; default 10 s. After twice that the watch starts over. */
  readonly quietMs?: number;
}

/**
 * Lists and watches prefixes, each on its own. A lost connection changes nothing that was reported:
 * unknown is not empty. The watch resumes where it was; when that revision is compacted, or the registry
 * went back in time, a new list is compared with what was reported and the difference is reported.
 */
export class Informer {
  readonly #handler: InformerHandler;
  #store: Store;
  readonly #reflectors: readonly (readonly [prefix: string, Reflector])[];
  #kind: InformerState['kind'] = 'syncing';
  #unsubscribe = (): void => {};

  constructor(options: InformerOptions) {
    const { handler, prefixes, store, clock, random, log } = options;
    this.#handler = handler;
    this.#store = store;
    this.#reflectors = prefixes.map((prefix) => [
      prefix,
      new Reflector({
        store,
        prefix,
        clock,
        random,
        log,
        resyncEveryMs: options.resyncEveryMs ?? 300_000,
        quietMs: options.quietMs ?? 10_000,
        prepare: async (values) => handler.prepare?.(prefix, values),
        listed: (values, revision) => handler.synced(prefix, values, revision),
        changed: (change) => handler.changed(prefix, change),
        updated: () => this.#updated(),
      }),
    ]);
  }

  /** How current everything is, now. */
  get state(): InformerState {
    const prefixes = this.#reflectors.map(([prefix, reflector]) => ({
      prefix,
      state: reflector.state,
      revision: reflector.revision,
      silenceMs: reflector.silenceMs,
      resyncs: reflector.resyncs,
    }));
    return { kind: this.#kind, prefixes };
  }

  start(): void {
    this.#followStore();
    for (const [, reflector] of this.#reflectors) reflector.start();
  }

  /** Goes on, once started, with another way to the same registry. */
  use(store: Store): void {
    this.#unsubscribe();
    this.#store = store;
    this.#followStore();
    for (const [, reflector] of this.#reflectors) reflector.use(store);
  }

  /** Tries now, where it waits before it tries again: the registry answers again, or somebody needs to know. */
  hurry(): void {
    for (const [, reflector] of this.#reflectors) reflector.hurry();
  }

  /** The revision of a key's last change that was reported, if any was. */
  revisionOf(key: string): number | undefined {
    return this.#reflectorOf(key)?.revisionOf(key);
  }

  /** What stands at a key was not taken: it is reported again when everything is listed next. */
  passedOver(key: string): void {
    this.#reflectorOf(key)?.passedOver(key);
  }

  /** Stops; nothing is reported after it. */
  close(): void {
    this.#unsubscribe();
    for (const [, reflector] of this.#reflectors) reflector.close();
  }

  #reflectorOf(key: string): Reflector | undefined {
    return this.#reflectors.find(([prefix]) => key.startsWith(prefix))?.[1];
  }

  #followStore(): void {
    this.#unsubscribe = this.#store.onState(({ kind }) => {
      if (kind === 'connected') this.hurry();
    });
  }

  #updated(): void {
    const kinds = this.#reflectors.map(([, { state }]) => state.kind);
    const kind = kinds.includes('listing')
      ? 'syncing'
      : kinds.includes('stale')
        ? 'stale'
        : 'synced';
    if (kind === this.#kind) return;
    this.#kind = kind;
    this.#handler.state?.(this.state);
  }
}
