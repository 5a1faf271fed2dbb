/** Owns reading the sockets we connect into one buffer that all of them share: a read allocates nothing but a view. */
import type { OnReadOpts } from 'node:net';
import type { Reader } from './intake.ts';

const buffer = Buffer.allocUnsafeSlow(256 * 1024);

export class SharedReads {
  /** For `net.connect` and `tls.connect`. */
  readonly onread: OnReadOpts;
  #reader: Reader | undefined;
  /** Copies of what came before there was a reader. */
  #early: Buffer[] = [];

  constructor() {
    this.onread = { buffer, callback: (end) => this.#receive(end) };
  }

  /** Gives `reader` what has come, and all that comes. */
  to(reader: Reader): void {
    this.#reader = reader;
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) reader.onRead(bytes, bytes.length);
  }

  #receive(end: number): boolean {
    if (this.#reader !== undefined) return this.#reader.onRead(buffer, end);
    this.#early.push(Buffer.from(buffer.subarray(0, end)));
    return true;
  }
}
