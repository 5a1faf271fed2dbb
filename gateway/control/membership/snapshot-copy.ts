/** Owns the copy on disk of what the registry holds: taken up at the start, and written again soon after something changed. */
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { SnapshotCache } from '../../../registry/snapshot-cache.ts';

interface SnapshotCopyOptions {
  readonly cache: SnapshotCache;
  /** The revision of the snapshot, and its records, now. */
  revision(): number;
  records(): Parameters<SnapshotCache['save']>[2];
  readonly clock: Clock;
  readonly log: Log;
}

/** After the first time the copy is written at most this often, and never for more than a fiftieth of the time. */
const saveEveryMs = 2_000;
const saveTimeShare = 1 / 50;

export class SnapshotCopy {
  readonly #options: SnapshotCopyOptions;
  #savedRevision = -1;
  #lastSaveMs = 0;
  /** Set while the snapshot has changed since it was last saved. */
  #cancelSave: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #problem: IsthmusError | undefined;
  #isClosed = false;

  constructor(options: SnapshotCopyOptions) {
    this.#options = options;
  }

  /** Why the copy can't be read or written. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** The copy that an earlier process left; undefined where there is none that can be used, which costs only the start without a registry. */
  async load(): ReturnType<SnapshotCache['load']> {
    try {
      const copy = await this.#options.cache.load();
      if (copy) this.#savedRevision = copy.revision;
      return copy;
    } catch (thrown) {
      this.#problem = asIsthmusError(thrown);
      this.#options.log.error({ err: thrown }, 'starting without the cached snapshot');
      return undefined;
    }
  }

  /** The snapshot has changed. */
  saveLater(): void {
    const delayMs = Math.max(saveEveryMs, this.#lastSaveMs / saveTimeShare);
    this.#cancelSave ??= this.#options.clock.after(delayMs, () => this.saveNow());
  }

  saveNow(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    this.#save();
  }

  /** Resolves when what is saved now is on the disk, or could not be written, which `problem` has. */
  saved(): Promise<void> {
    return this.#saving;
  }

  /** Saves what was not saved yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isDue = this.#cancelSave !== undefined;
    this.#cancelSave?.();
    if (isDue || this.#options.revision() !== this.#savedRevision) this.#save();
    await this.#saving;
  }

  /** Saves snapshots one after the other, so that the newest stays. */
  #save(): void {
    this.#saving = this.#saving.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { cache, clock, log, records } = this.#options;
    const revision = this.#options.revision();
    const started = clock.monotonic();
    try {
      await cache.save(revision, clock.now(), records());
      this.#savedRevision = revision;
      this.#lastSaveMs = clock.monotonic() - started;
      this.#problem = undefined;
    } catch (thrown) {
      if (!this.#problem) log.error({ err: thrown }, 'the snapshot could not be saved');
      this.#problem = asIsthmusError(thrown);
      if (!this.#isClosed) this.saveLater();
    }
  }
}
