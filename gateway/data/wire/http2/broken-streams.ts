/** Owns remembering streams that we have reset: frames that the peer sends before it knows are passed over, within bounds (RFC 9113 section 5.4.2). */

/**
 * What becomes of DATA on such a stream. `used-up`: it has had its credit, and is to be reset. `beyond`: it is more
 * than any window allowed.
 */
type PassedOver = 'without-credit' | 'with-credit' | 'used-up' | 'beyond';

export class BrokenStreams {
  readonly #limit: number;
  readonly #window: number;
  /** By number, the octets that may still come: as many as exceed a window get credit. */
  readonly #left = new Map<number, number>();

  /** Remembers the last `limit` of them. `window`: octets that one may send, at most, without further credit. */
  constructor(limit: number, window: number) {
    this.#limit = limit;
    this.#window = window;
  }

  /**
   * Adds one whose next `credit` octets get credit, though nobody reads them. Returns the one that is
   * forgotten for it, where that has credit left.
   */
  add(id: number, credit: number): number | undefined {
    this.#left.set(id, this.#window + credit);
    if (this.#left.size <= this.#limit) return undefined;
    for (const [oldest, left] of this.#left) {
      this.#left.delete(oldest);
      return left > this.#window ? oldest : undefined;
    }
    return undefined;
  }

  has(id: number): boolean {
    return this.#left.has(id);
  }

  /** DATA came. */
  spend(id: number, octets: number): PassedOver {
    const before = this.#left.get(id);
    if (before === undefined) return 'without-credit';
    const left = before - octets;
    this.#left.set(id, left);
    if (left < 0) return 'beyond';
    if (left > this.#window) return 'with-credit';
    return before > this.#window ? 'used-up' : 'without-credit';
  }

  /** Gives the stream no more credit. False where it had none left, or has come to its end. */
  giveUp(id: number): boolean {
    if ((this.#left.get(id) ?? 0) <= this.#window) return false;
    this.#left.set(id, this.#window);
    return true;
  }

  /** The other side has ended it too: nothing more may come. */
  delete(id: number): void {
    this.#left.delete(id);
  }
}
