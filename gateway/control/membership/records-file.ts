/** Owns registry records that are kept on disk, as they were signed: a gateway that restarts while the registry is down still goes by them. */
import type { Clock } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import { KeptFile } from '../../../core/kept-file.ts';
import type { Log } from '../../../core/log.ts';
import type { RawChange } from '../../../registry/record-reader.ts';
import type { SnapshotCache } from '../../../registry/snapshot-cache.ts';

interface RecordsFileOptions {
  readonly file: SnapshotCache;
  /** For the log: `standing orders`. */
  readonly what: string;
  /** Those to keep, by their keys. */
  records(): Iterable<readonly [string, object]>;
  /** Takes up those of an earlier process. */
  recall(records: Iterable<RawChange>): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Records that come within so many milliseconds are written together. */
const gatherMs = 200;

export class RecordsFile {
  readonly #options: RecordsFileOptions;
  readonly #kept: KeptFile;
  #cancel: (() => void) | undefined;

  constructor(options: RecordsFileOptions) {
    this.#options = options;
    const { file, clock, records } = options;
    const write = () => file.save(0, clock.now(), [...records()]);
    this.#kept = new KeptFile({ ...options, path: file.path, write });
  }

  /** Why they are not on disk as they are. */
  get problem(): IsthmusError | undefined {
    return this.#kept.problem;
  }

  /** Has what an earlier process kept taken up. */
  async recall(): Promise<void> {
    const { file, what, log, recall } = this.#options;
    try {
      const cached = await file.load();
      if (cached) recall(cached.records);
    } catch (err) {
      // They come again from the registry.
      log.error({ err }, `starting without the ${what} on disk`);
    }
  }

  changed(): void {
    this.#cancel ??= this.#options.clock.after(gatherMs, () => this.#save());
  }

  async close(): Promise<void> {
    if (this.#cancel) this.#save();
    await this.#kept.close();
  }

  #save(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    void this.#kept.save();
  }
}
