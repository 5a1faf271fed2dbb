/** Owns keeping a file as it is to be: one write after the other, of the newest alone, and again until a disk that takes nothing has taken it. */
import type { Clock } from './clock.ts';
import { IsthmusError, messageOf } from './errors.ts';
import type { Log } from './log.ts';

interface KeptFileOptions {
  readonly path: string;
  /** For the log and the problem: `standing orders`. */
  readonly what: string;
  /** Writes all of it as it is now. */
  write(): Promise<void>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** How often a write that failed is tried again. */
const retryMs = 1_000;

export class KeptFile {
  readonly #options: KeptFileOptions;
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #problem: IsthmusError | undefined;
  #cancelRetry = (): void => {};
  #isClosed = false;

  constructor(options: KeptFileOptions) {
    this.#options = options;
  }

  /** FILE_UNWRITABLE while the file is not as it is to be, for the last write failed. */
  get problem(): IsthmusError | undefined {
    return this.#problem;
  }

  /** Resolves once it is on disk as it is now; or when it is not: then `problem` says why, and it is tried again. Those who ask meanwhile share the next write. */
  save(): Promise<void> {
    this.#cancelRetry();
    if (this.#next === undefined) {
      this.#next = this.#last.then(() => this.#write());
      this.#last = this.#next;
    }
    return this.#next;
  }

  /** Resolves when no write is under way. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Tries once more what failed, and never again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    if (this.#problem) await this.save();
  }

  async #write(): Promise<void> {
    this.#next = undefined;
    const { path, what, write, clock, log } = this.#options;
    try {
      await write();
      if (this.#problem) log.info({ path }, `the ${what} are kept on disk again`);
      this.#problem = undefined;
    } catch (cause) {
      const problem = new IsthmusError('FILE_UNWRITABLE', {
        what: `The ${what} can't be kept on disk, and a restart would go by what was kept last: ${messageOf(cause)}`,
        where: path,
        fix: 'Check the folder, its permissions and free space; they are written as soon as they can be.',
        cause,
      });
      if (!this.#problem) log.error({ err: problem }, `the ${what} could not be kept on disk`);
      this.#problem = problem;
      if (!this.#isClosed) this.#cancelRetry = clock.after(retryMs, () => void this.save());
    }
  }
}
