/** Owns finding an open stream by its number. */
import type { Stream } from './stream.ts';

const smallest = 64;

/**
 * A hash table whose chains run through the streams. A `Map` would do, but for the garbage collector: each time it
 * makes itself anew, which with streams that come and go is often, its old self points to the new one, and once one
 * of them has grown old all that follow grow old with it: a third of all that was allocated outlived its use.
 */
export class StreamTable {
  #heads: (Stream | undefined)[] = new Array(smallest).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    let stream = this.#heads[this.#slot(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.nextInTable;
    return stream;
  }

  /** Adds one that is not there. */
  add(stream: Stream): void {
    if (this.#size === this.#heads.length) this.#grow();
    this.#size++;
    this.#link(stream);
  }

  delete(stream: Stream): void {
    const slot = this.#slot(stream.id);
    let before: Stream | undefined;
    let at = this.#heads[slot];
    while (at !== undefined && at !== stream) {
      before = at;
      at = at.nextInTable;
    }
    if (at === undefined) return;
    if (before === undefined) this.#heads[slot] = at.nextInTable;
    else before.nextInTable = at.nextInTable;
    at.nextInTable = undefined;
    this.#size--;
  }

  /** The open streams as of now: a list of its own. */
  all(): Stream[] {
    const all: Stream[] = [];
    for (let stream of this.#heads) {
      for (; stream !== undefined; stream = stream.nextInTable) all.push(stream);
    }
    return all.sort((a, b) => a.id - b.id);
  }

  /** Numbers of the streams of one side are every second. */
  #slot(id: number): number {
    return (id >>> 1) & (this.#heads.length - 1);
  }

  #link(stream: Stream): void {
    const slot = this.#slot(stream.id);
    stream.nextInTable = this.#heads[slot];
    this.#heads[slot] = stream;
  }

  #grow(): void {
    const all = this.all();
    this.#heads = new Array(2 * this.#heads.length).fill(undefined);
    for (const stream of all) this.#link(stream);
  }
}
