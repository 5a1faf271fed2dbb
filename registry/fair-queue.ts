/** Owns whose turn it is: things that wait in groups, of which each group has one go before any has its next. */

export class FairQueue<T> {
  readonly #groupOf: (one: T) => string;
  /** The group that had a turn longest ago comes first. */
  readonly #groups = new Map<string, Set<T>>();
  #size = 0;

  constructor(groupOf: (one: T) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  has(one: T): boolean {
    return this.#groups.get(this.#groupOf(one))?.has(one) ?? false;
  }

  /** Behind all of its group; one that waits already keeps its place. */
  add(one: T): void {
    if (this.has(one)) return;
    this.#groups.getOrInsertComputed(this.#groupOf(one), () => new Set()).add(one);
    this.#size++;
  }

  /** It waits no more: its group has had its turn. */
  delete(one: T): void {
    const name = this.#groupOf(one);
    const group = this.#groups.get(name);
    if (!group?.delete(one)) return;
    this.#size--;
    this.#groups.delete(name);
    if (group.size > 0) this.#groups.set(name, group);
  }

  /** The first of each group, then the second of each, and so on. */
  *[Symbol.iterator](): Generator<T> {
    // Who takes only the first few looks at no more groups than that.
    let waiting: Iterator<T>[] = [];
    for (const group of this.#groups.values()) {
      const items = group.values();
      const { value, done } = items.next();
      if (!done) yield value;
      waiting.push(items);
    }
    while (waiting.length > 0) {
      const further: typeof waiting = [];
      for (const group of waiting) {
        const { value, done } = group.next();
        if (done) continue;
        yield value;
        further.push(group);
      }
      waiting = further;
    }
  }
}
