/** Owns the memory that counters live in: slabs of numbers, shared between threads, written by one of them. */

/** One slab: 64 KiB, enough for some hundred series. */
const slotsPerSlab = 8192;

/** A run of slots that belongs to one series. */
export interface Slots {
  readonly slab: number;
  readonly at: number;
  readonly size: number;
  /** The whole slab. */
  readonly values: Float64Array<SharedArrayBuffer>;
}

/**
 * Only the thread that owns a ledger writes to it, so plain additions do: they cost a third of atomic ones, and
 * whoever reads sees each number as it was a moment ago, since an aligned 64-bit store is one store. Slabs are
 * added as series come, and never move.
 */
export class Ledger {
  readonly #onSlab: (slab: number, values: Float64Array<SharedArrayBuffer>) => void;
  #values: Float64Array<SharedArrayBuffer> | undefined;
  #slab = -1;
  #next = 0;

  /** `onSlab` is told of each slab before anything is in it. */
  constructor(
    onSlab: (slab: number, values: Float64Array<SharedArrayBuffer>) => void = () => undefined,
  ) {
    this.#onSlab = onSlab;
  }

  /** Slots that nobody has, all zero. */
  take(size: number): Slots {
    if (this.#values === undefined || this.#next + size > this.#values.length) {
      const slots = Math.max(slotsPerSlab, size);
      this.#values = new Float64Array(
        new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT),
      );
      this.#slab++;
      this.#next = 0;
      this.#onSlab(this.#slab, this.#values);
    }
    const at = this.#next;
    this.#next += size;
    return { slab: this.#slab, at, size, values: this.#values };
  }
}
