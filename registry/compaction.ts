/** Owns keeping etcd's history short where nobody else does: revisions older than a span of time are compacted, by one gateway at a time. */
import type { Clock } from '../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { concernsAll } from './etcd-errors.ts';
import type { EtcdStore } from './etcd-store.ts';

export interface CompactionOptions {
  readonly store: Pick<EtcdStore, 'database' | 'tells' | 'compact'>;
  /** One that may be read. */
  readonly key: string;
  /** How much of the history is kept, in milliseconds, and how often is looked. */
  readonly afterMs: number;
  /** 0 for the gateway that compacts; the next ones do only where those before them don't, each a look later. */
  turn(): number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Gateways after these have the last turn together. */
const mostTurns = 4;

export class Compaction {
  readonly #options: CompactionOptions;
  /** Revisions at past looks, the latest last. */
  readonly #past: number[] = [];
  #refusal: IsthmusError | undefined;
  #cancel = (): void => {};
  #closed = false;

  constructor(options: CompactionOptions) {
    this.#options = options;
    void this.#look();
  }

  /** Why this gateway may not compact, where it had to. */
  get refusal(): IsthmusError | undefined {
    return this.#refusal;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #look(): Promise<void> {
    const { clock, afterMs } = this.#options;
    try {
      await this.#compact();
    } catch (thrown) {
      this.#note(asIsthmusError(thrown));
    }
    if (!this.#closed) this.#cancel = clock.after(afterMs, () => void this.#look());
  }

  async #compact(): Promise<void> {
    const { store, key, turn, log } = this.#options;
    const { revision } = await store.database();
    const target = this.#past.at(-1 - Math.min(turn(), mostTurns));
    this.#past.push(revision);
    if (this.#past.length > mostTurns + 1) this.#past.shift();
    if (target === undefined || target >= revision) return;
    // What etcd, or whoever else, has compacted is nobody's to compact again.
    if (!(await store.tells(key, target - 1))) return;
    await store.compact(target);
    this.#refusal = undefined;
    log.debug({ revision: target }, 'the history of the registry was compacted');
  }

  /** A refusal once: it is tried again, for a role may be granted later. That nobody answers is said elsewhere; nor has it to be said that another was quicker. */
  #note(error: IsthmusError): void {
    if (concernsAll(error) || error.code === 'REGISTRY_COMPACTED') return;
    if (!this.#refusal) {
      this.#options.log.warn({ err: error }, 'the history of the registry may not be compacted');
    }
    this.#refusal = error;
  }
}
