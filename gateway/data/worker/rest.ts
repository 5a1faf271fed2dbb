/** Owns what a worker does when it has nothing to do: it collects what it left, and one of them gives memory back for the whole process. */

/** After so many looks in a row that found the worker at rest, what it left is collected. */
const looksToCollect = 10;
/** After so many the others have had time for that. */
const looksToGiveBack = 20;
/** Share of a core that a process takes at most that has nothing to do. */
const restingCpu = 0.05;

interface RestOptions {
  collect(): void;
  /** Gives memory back that the process has free; absent in workers that leave it to another. */
  readonly giveBack: (() => void) | undefined;
  /** CPU time of the whole process so far, and the time, in milliseconds. */
  processCpu(): { readonly cpuMs: number; readonly at: number };
}

export class Rest {
  readonly #options: RestOptions;
  /** Looks in a row that found the worker at rest. */
  #looks = 0;
  #isGivenBack = false;
  #before: ReturnType<RestOptions['processCpu']> | undefined;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** The worker has something to do. */
  end(): void {
    this.#looks = 0;
    this.#isGivenBack = false;
    this.#before = undefined;
  }

  /** The worker had nothing to do since the last look, a second ago. */
  look(): void {
    const { collect, giveBack } = this.#options;
    this.#looks++;
    if (this.#looks === looksToCollect) collect();
    if (giveBack === undefined || this.#isGivenBack || this.#looks < looksToGiveBack) return;
    // Whoever has something to do is not to wait for it.
    if (!this.#processRests()) return;
    giveBack();
    this.#isGivenBack = true;
  }

  /** Whether the process has had nothing to do since the last time that this was asked, either. */
  #processRests(): boolean {
    const before = this.#before;
    const now = this.#options.processCpu();
    this.#before = now;
    return before !== undefined && now.cpuMs - before.cpuMs < restingCpu * (now.at - before.at);
  }
}
