/** Owns reading TLS's numbers and vectors (RFC 8446 section 3): never past the end of what holds them. */

/**
 * A reader over part of a buffer. Once it was asked for more than there is it is `isBroken`, for good, and
 * answers with zeros and nothing.
 */
export class VectorReader {
  readonly #octets: Buffer;
  readonly #end: number;
  #at: number;
  #isBroken = false;

  constructor(octets: Buffer, start = 0, end = octets.length) {
    this.#octets = octets;
    this.#at = start;
    this.#end = end;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether there is anything left to read. */
  get hasMore(): boolean {
    return !this.#isBroken && this.#at < this.#end;
  }

  uint8(): number {
    const at = this.#take(1);
    return at === undefined ? 0 : this.#octets.readUInt8(at);
  }

  uint16(): number {
    const at = this.#take(2);
    return at === undefined ? 0 : this.#octets.readUInt16BE(at);
  }

  skip(octets: number): void {
    this.#take(octets);
  }

  /** A vector whose length comes before it, in one octet, as a reader of what is in it. */
  vector8(): VectorReader {
    return this.#vector(this.uint8());
  }

  /** The same with a length of two octets. */
  vector16(): VectorReader {
    return this.#vector(this.uint16());
  }

  /** All that is left, a character an octet. */
  text(): string {
    const from = this.#at;
    this.#at = this.#end;
    return this.#octets.toString('latin1', from, this.#end);
  }

  get left(): number {
    return this.#isBroken ? 0 : this.#end - this.#at;
  }

  #vector(length: number): VectorReader {
    const at = this.#take(length);
    if (at !== undefined) return new VectorReader(this.#octets, at, at + length);
    return new VectorReader(this.#octets, this.#end, this.#end);
  }

  #take(octets: number): number | undefined {
    if (this.#isBroken || octets > this.#end - this.#at) {
      this.#isBroken = true;
      return undefined;
    }
    const at = this.#at;
    this.#at += octets;
    return at;
  }
}
