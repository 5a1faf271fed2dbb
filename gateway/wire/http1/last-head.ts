/** Owns knowing a head again: a connection that repeats itself octet for octet is not read twice. */
import { lf } from './octets.ts';

/** Longer ones are read again: they would have to be kept for every connection. */
const maxOctets = 1024;

/** After so many that were different in a row none is looked at for a while. */
const maxMisses = 8;
const restHeads = 256;

/** The head that came last on one connection. Nothing is compared with what others have sent. */
export class LastHead<Head> {
  #octets: Buffer | undefined;
  #length = 0;
  #head: Head | undefined;
  #misses = 0;
  #rest = 0;
  /** Whether one has come: none is kept before a second, for many connections bring no more. */
  #hasCome = false;

  /** Octets of the head that `find` knows. */
  get length(): number {
    return this.#length;
  }

  /** What was made of the octets from `start` on, if they begin with the very same head. */
  find(buffer: Buffer, start: number, end: number): Head | undefined {
    if (this.#octets === undefined || this.#rest > 0) return undefined;
    const stop = start + this.#length;
    if (
      stop <= end &&
      buffer[stop - 1] === lf &&
      this.#octets.compare(buffer, start, stop, 0, this.#length) === 0
    ) {
      this.#misses = 0;
      return this.#head;
    }
    return undefined;
  }

  /** `head` was made of the octets from `start` to `end`: it had to be read. */
  keep(head: Head, buffer: Buffer, start: number, end: number): void {
    if (!this.#hasCome) {
      this.#hasCome = true;
      return;
    }
    if (this.#rest > 0) {
      this.#rest--;
      return;
    }
    const length = end - start;
    if (length > maxOctets || ++this.#misses > maxMisses) {
      this.#misses = 0;
      this.#rest = restHeads;
      this.#head = undefined;
      this.#octets = undefined;
      return;
    }
    if (this.#octets === undefined || this.#octets.length < length) {
      this.#octets = Buffer.allocUnsafeSlow(length);
    }
    buffer.copy(this.#octets, 0, start, end);
    this.#length = length;
    this.#head = head;
  }
}
