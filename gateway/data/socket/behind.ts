/** Owns octets that were read and that nobody takes yet: copied, for the read buffer is shared. */

export const nothing: Buffer = Buffer.alloc(0);

export class Behind {
  #octets: Buffer = nothing;

  get isEmpty(): boolean {
    return this.#octets.length === 0;
  }

  /** In place of what is kept. */
  keep(octets: Buffer): void {
    this.#octets = Buffer.from(octets);
  }

  /** After what is kept. */
  add(octets: Buffer): void {
    this.#octets = Buffer.concat([this.#octets, octets]);
  }

  /** Hands over the octets that were kept; none are from now on. */
  take(): Buffer {
    const octets = this.#octets;
    this.#octets = nothing;
    return octets;
  }

  /** The same with the first `end` octets of `buffer` after it: a part of `buffer` where nothing was kept. */
  takeWith(buffer: Buffer, end: number): Buffer {
    const kept = this.take();
    const octets = buffer.subarray(0, end);
    return kept.length === 0 ? octets : Buffer.concat([kept, octets]);
  }
}
