/** Owns sending a body on an HTTP/2 stream: at the pace at which the other side reads, and never ended when it broke. */
import type { Readable } from 'node:stream';
import type { Fields, Http2Stream } from '../wire/http2/api.ts';

/** How it ended: all of it was given to the stream, it broke, or the stream closed before. */
export type SendEnd = 'sent' | 'broke' | 'closed';

export interface BodySenderOptions {
  readonly body: Readable;
  readonly stream: Http2Stream;
  /** Asked for when the body has ended. */
  trailers?(): Fields;
  /** What the stream is reset with when the body breaks. */
  readonly breakCode: number;
  /** The stream took a piece. */
  onMoved?(): void;
  /** Called once. */
  onEnd?(end: SendEnd): void;
}

const nothing = new Uint8Array(0);

export class BodySender {
  readonly #options: BodySenderOptions;
  #over = false;

  constructor(options: BodySenderOptions) {
    this.#options = options;
    const { body } = options;
    const broke = () => this.#broke();
    // A reader that is destroyed may still tell an error, after it was closed.
    body.on('error', broke);
    if (body.destroyed) {
      broke();
      return;
    }
    body.on('close', broke);
    body.on('end', () => this.#whole());
    body.on('data', (bytes: Uint8Array) => this.#piece(bytes));
  }

  /** The stream takes more. */
  resume(): void {
    if (!this.#over) this.#options.body.resume();
  }

  /** The stream has closed: nobody wants the rest. */
  stop(): void {
    this.#end('closed');
    this.#options.body.destroy();
  }

  #piece(bytes: Uint8Array): void {
    if (this.#over) return;
    const { body, stream, onMoved } = this.#options;
    if (!stream.write(bytes, false)) body.pause();
    onMoved?.();
  }

  #whole(): void {
    if (this.#over) return;
    const { stream, trailers } = this.#options;
    const fields = trailers?.() ?? [];
    // Said first: the stream may close by it.
    this.#end('sent');
    if (fields.length > 0) stream.trailers(fields);
    else stream.write(nothing, true);
  }

  #broke(): void {
    if (this.#over) return;
    const { body, stream, breakCode } = this.#options;
    this.#end('broke');
    body.destroy();
    stream.reset(breakCode);
  }

  #end(end: SendEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd?.(end);
  }
}
