/** Owns the content of one HTTP/1.1 message on its way out: in its framing, and exactly as long as announced. */

import type { SocketWriter } from '../socket/socket-writer.ts';
import { chunkEnd, chunkStart, lastChunk } from '../wire/http1/encode.ts';
import type { Framing } from '../wire/http1/framing.ts';
import { sendableTrailers } from '../wire/http1/trailers.ts';
import type { Fields } from './message.ts';

/** One for each connection, used for one message after another. */
export class OutgoingBody {
  readonly #writer: SocketWriter;
  #isChunked = false;
  /** Content still announced; Infinity where nothing was. */
  #left = 0;

  constructor(writer: SocketWriter) {
    this.#writer = writer;
  }

  begin(framing: Framing): void {
    this.#isChunked = framing.kind === 'chunked';
    this.#left = framing.kind === 'length' ? framing.bytes : framing.kind === 'none' ? 0 : Infinity;
  }

  /** False: it is longer than announced; nothing of `bytes` was written. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (bytes.length > this.#left) return false;
    this.#left -= bytes.length;
    const writer = this.#writer;
    if (this.#isChunked) {
      writer.text(chunkStart(bytes.length));
      writer.bytes(bytes);
      writer.text(chunkEnd);
    } else writer.bytes(bytes);
    return true;
  }

  /** Writes the end, and hands all to the socket, `atOnce` or at the end of the turn. False: it is shorter than announced. */
  end(trailers: Fields | undefined, atOnce = true): boolean {
    if (this.#left > 0 && this.#left !== Infinity) return false;
    if (this.#isChunked) {
      this.#writer.text(
        trailers === undefined ? lastChunk() : lastChunk(sendableTrailers(trailers)),
      );
    }
    if (atOnce) this.#writer.flush();
    this.#left = 0;
    return true;
  }
}
