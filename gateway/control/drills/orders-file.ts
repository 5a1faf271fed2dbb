/** Owns standing orders on disk: a gateway that restarts while the registry is down still keeps traffic off what is drained. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { DrillBoard } from '../../../federation/drills/board.ts';
import type { SnapshotCache } from '../../../registry/snapshot-cache.ts';

/** Orders that come together are written together. */
const gatherMs = 200;

export class OrdersFile {
  readonly #file: SnapshotCache;
  readonly #board: DrillBoard;
  readonly #clock: Clock;
  readonly #log: Log;
  #cancel: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(file: SnapshotCache, board: DrillBoard, clock: Clock, log: Log) {
    this.#file = file;
    this.#board = board;
    this.#clock = clock;
    this.#log = log;
  }

  /** Shows the board what was in force when this gateway last ran. */
  async recall(): Promise<void> {
    try {
      const cached = await this.#file.load();
      if (cached) this.#board.recall(cached.records);
    } catch (err) {
      // They come again from the registry.
      this.#log.error({ err }, 'starting without the standing orders on disk');
    }
  }

  changed(): void {
    this.#cancel ??= this.#clock.after(gatherMs, () => this.#save());
  }

  async close(): Promise<void> {
    if (this.#cancel) this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#file.save(0, this.#clock.now(), [...this.#board.orders()]);
      } catch (err) {
        this.#log.error({ err }, 'the standing orders could not be kept on disk');
      }
    });
  }
}
