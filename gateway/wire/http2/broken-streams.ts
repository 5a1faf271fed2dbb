/** Owns remembering streams that are none to us any more: what the other side sends before it knows is passed over (RFC 9113 section 5.4.2). */

/** What becomes of DATA on such a stream. `used-up`: it has had its credit, and is to be reset. */
export type PassedOver = 'without-credit' | 'with-credit' | 'used-up';

export class BrokenStreams {
  readonly #limit: number;
  /** By number, the octets that still get credit. */
  readonly #credit = new Map<number, number>();

  /** Remembers the last `limit` of them. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Adds one whose next `credit` octets may still be sent, though nobody reads them. Returns the one that is
   * forgotten for it, where that has credit left.
   */
  add(id: number, credit: number): number | undefined {
    this.#credit.set(id, credit);
    if (this.#credit.size <= this.#limit) return undefined;
    for (const [oldest, left] of this.#credit) {
      this.#credit.delete(oldest);
      return left > 0 ? oldest : undefined;
    }
    return undefined;
  }

  has(id: number): boolean {
    return this.#credit.has(id);
  }

  /** DATA came. */
  spend(id: number, octets: number): PassedOver {
    const left = this.#credit.get(id) ?? 0;
    if (left === 0) return 'without-credit';
    this.#credit.set(id, Math.max(0, left - octets));
    return left > octets ? 'with-credit' : 'used-up';
  }

  /** The other side has ended it too: nothing more may come. */
  delete(id: number): void {
    this.#credit.delete(id);
  }
}
