/** Owns a set that is entered and left all the time, such as the open connections. */

export interface Listed {
  /** The item's index in its roster, which alone sets it; -1 = in none. */
  place: number;
}

/**
 * A `Set` would do, but for the garbage collector: each time it makes itself anew, which with much coming and going
 * is often, its old self points to the new one, and once one of them has grown old all that follow grow old with it.
 */
export class Roster<T extends Listed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    if (item.place < 0) item.place = this.#items.push(item) - 1;
  }

  delete(item: T): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** The items as of now: a list of its own. */
  all(): T[] {
    return [...this.#items];
  }
}
