/** Owns recognizing a head: one that equals the connection's last, octet for octet, is not read again. */
import { lf } from './octets.ts';

const wordBits = 2;
const wordOctets = 1 << wordBits;
const noWords = new Int32Array(0);

/** Longer ones are read again: they would have to be kept for every connection. */
const maxOctets = 1024;

/** After so many that were different in a row none is looked at for a while. */
const maxMisses = 8;
const restHeads = 256;

/** The head that came last on one connection. Nothing is compared with what others have sent. */
export class LastHead<Head> {
  #octets: Buffer | undefined;
  /** The whole words of `#octets`. */
  #words: Int32Array = noWords;
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

  /** The last head again, if the octets from `start` on begin with the very same one. */
  find(buffer: Buffer, start: number, end: number): Head | undefined {
    if (this.#octets === undefined || this.#rest > 0) return undefined;
    const stop = start + this.#length;
    if (stop > end || buffer[stop - 1] !== lf || !this.#isAt(buffer, start)) return undefined;
    this.#misses = 0;
    return this.#head;
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
      this.#octets = Buffer.allocUnsafeSlow(length + (-length & (wordOctets - 1)));
      this.#words = wordsIn(this.#octets);
    }
    buffer.copy(this.#octets, 0, start, end);
    this.#length = length;
    this.#head = head;
  }

  /** Word by word where that is possible: `compare` takes four times as long to begin with. */
  #isAt(buffer: Buffer, start: number): boolean {
    const octets = this.#octets as Buffer;
    const length = this.#length;
    const words = (start & (wordOctets - 1)) === 0 ? sharedWords(buffer) : undefined;
    if (words === undefined || words === noWords)
      return octets.compare(buffer, start, start + length, 0, length) === 0;
    const kept = this.#words;
    const whole = length >> wordBits;
    const from = start >> wordBits;
    for (let i = 0; i < whole; i++) if (kept[i] !== words[from + i]) return false;
    for (let i = whole << wordBits; i < length; i++) {
      if (octets[i] !== buffer[start + i]) return false;
    }
    return true;
  }
}

/** The buffer of the last look, and its words once it was looked at again: most connections are read into the same one. */
let lastBuffer: Buffer | undefined;
let lastWords: Int32Array | undefined;

function sharedWords(buffer: Buffer): Int32Array | undefined {
  if (buffer === lastBuffer) {
    lastWords ??= wordsIn(buffer);
    return lastWords;
  }
  lastBuffer = buffer;
  lastWords = undefined;
  return undefined;
}

function wordsIn({ buffer, byteOffset, length }: Buffer): Int32Array {
  const isAligned = (byteOffset & (wordOctets - 1)) === 0;
  return isAligned ? new Int32Array(buffer, byteOffset, length >> wordBits) : noWords;
}
