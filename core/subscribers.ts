/** Owns the functions that are to be called when something happens, and calling all of them. */

/** Subscribers that are told `What` each time. */
export class Subscribers<What extends readonly unknown[] = []> {
  readonly #subscribers = new Set<(...what: What) => void>();

  /** Calls `subscriber` from now on; returns a function that stops that. */
  add(subscriber: (...what: What) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
    };
  }

  /** A subscriber that throws keeps those after it from hearing. */
  tell(...what: What): void {
    for (const subscriber of this.#subscribers) subscriber(...what);
  }

  clear(): void {
    this.#subscribers.clear();
  }
}
