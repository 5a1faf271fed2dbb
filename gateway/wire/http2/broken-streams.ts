/** Owns remembering streams that we reset: what the other side sent before it knew is passed over (RFC 9113 section 5.4.2). */

export class BrokenStreams {
  readonly #limit: number;
  readonly #ids = new Set<number>();

  /** Remembers the last `limit` of them. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#limit) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** The other side has ended it too: nothing more may come. */
  delete(id: number): void {
    this.#ids.delete(id);
  }
}
