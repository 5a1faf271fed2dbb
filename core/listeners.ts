/** Owns who wants to hear of something, and telling all of them. */

/** Listeners that are told `What` each time. */
export class Listeners<What extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...what: What) => void>();

  /** Calls `listener` from now on; returns a function that stops that. */
  add(listener: (...what: What) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** One that throws keeps those after it from hearing. */
  tell(...what: What): void {
    for (const listener of this.#listeners) listener(...what);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
