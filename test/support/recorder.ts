/** Owns noting calls as they are made: when each began and ended, and how it was answered. */
import type { Call } from './linearizability.ts';

export class Recorder<Input, Output> {
  readonly #calls: Call<Input, Output>[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get history(): readonly Call<Input, Output>[] {
    return this.#calls;
  }

  /** Makes a call. `failed` says what a failure answers; undefined where nobody knows whether it was done. */
  async call(
    input: Input,
    make: () => Promise<Output>,
    failed: (thrown: unknown) => Output | undefined,
  ): Promise<void> {
    const began = this.#now();
    const output = await make().catch(failed);
    this.#calls.push({ input, output, began, ended: this.#now() });
  }
}
