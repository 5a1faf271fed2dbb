/** Owns the dynamic table: a first-in, first-out ring of entries within a size (RFC 7541 sections 2.3.2 and 4). */

/** Octets that each entry counts for besides its own (RFC 7541 section 4.1). */
export const entryOverhead = 32;

/** The size before either side has said anything (RFC 9113 section 6.5.2). */
export const initialTableSize = 4_096;

interface SizedEntry {
  /** Octets of name and value, plus `entryOverhead`. */
  readonly size: number;
}

export class DynamicTable<E extends SizedEntry> {
  readonly #evicted: ((entry: E) => void) | undefined;
  /** Its length is a power of two; entry number `n` is at `n & (length - 1)`. */
  #ring: (E | undefined)[] = new Array(16).fill(undefined);
  #count = 0;
  #added = 0;
  #size = 0;
  #maxSize = initialTableSize;

  /** `evicted` is told of each entry that leaves. */
  constructor(evicted?: (entry: E) => void) {
    this.#evicted = evicted;
  }

  get count(): number {
    return this.#count;
  }

  /** Entries ever added; the number of the next one. */
  get added(): number {
    return this.#added;
  }

  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** The entry `age` additions ago, 1 = the newest. */
  at(age: number): E | undefined {
    if (age < 1 || age > this.#count) return undefined;
    return this.#ring[(this.#added - age) & (this.#ring.length - 1)];
  }

  /** Adds an entry and evicts what no longer fits; one larger than the table empties it (section 4.4). */
  add(entry: E): void {
    this.#evictTo(this.#maxSize - entry.size);
    if (entry.size > this.#maxSize) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#added & (this.#ring.length - 1)] = entry;
    this.#added++;
    this.#count++;
    this.#size += entry.size;
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evictTo(maxSize);
  }

  #evictTo(size: number): void {
    while (this.#count > 0 && this.#size > size) {
      const slot = (this.#added - this.#count) & (this.#ring.length - 1);
      const entry = this.#ring[slot] as E;
      this.#ring[slot] = undefined;
      this.#count--;
      this.#size -= entry.size;
      this.#evicted?.(entry);
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring: (E | undefined)[] = new Array(old.length * 2).fill(undefined);
    for (let n = this.#added - this.#count; n < this.#added; n++) {
      ring[n & (ring.length - 1)] = old[n & (old.length - 1)];
    }
    this.#ring = ring;
  }
}
