/** Owns a body that arrives on an HTTP/2 stream, as fast as it is read, ending only when all of it has come. */
import { Readable } from 'node:stream';
import type { Http2Stream } from '../wire/http2/api.ts';
import { errorCode } from '../wire/http2/protocol.ts';

/** Destroying it before its end resets the stream. */
export class StreamBody extends Readable {
  readonly #stream: Http2Stream;
  /** Octets that came while nobody wanted more: credit for them is given when somebody does. */
  #owed = 0;
  #whole = false;

  constructor(stream: Http2Stream) {
    super();
    this.#stream = stream;
    // Whoever reads it hears of a break; until somebody does it only marks the body.
    this.on('error', ignore);
  }

  /** A piece came, of a read that nobody writes over; `ends` with the last one. */
  receive(bytes: Buffer, ends: boolean): void {
    const { length } = bytes;
    if (length > 0) {
      if (this.push(kept(bytes))) this.#stream.consume(length);
      else this.#owed += length;
    }
    if (ends) this.finish();
  }

  /** All of it has come. */
  finish(): void {
    this.#whole = true;
    this.push(null);
  }

  /** No more will come. Breaks the body, unless it is whole. */
  break(what: string): void {
    if (!this.#whole) this.destroy(new Error(what));
  }

  override _read(): void {
    this.#settle();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#settle();
    if (!this.#whole) this.#stream.reset(errorCode.cancel);
    done(error);
  }

  #settle(): void {
    if (this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#stream.consume(owed);
  }
}

/** What is most of its read is kept as it is; a smaller piece would hold on to the rest as well, and is copied. */
function kept(bytes: Buffer): Buffer {
  return 2 * bytes.length >= bytes.buffer.byteLength ? bytes : Buffer.from(bytes);
}

function ignore(): void {
  // See above.
}
