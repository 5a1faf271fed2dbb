/** Owns a body that arrives on an HTTP/2 stream, told as fast as it is read; octets that come sooner wait, and have no credit. */
import type { Fields, Http2Stream } from '../wire/http2/api.ts';

const noFields: Fields = [];

/**
 * A base class, because there is one for every stream: whoever is told is the stream's handler itself. What waits is
 * bounded by the stream's window.
 */
export abstract class BodyReader {
  #flows: boolean;
  /** Copies of the octets that came while the body did not flow. */
  #held: Buffer[] | undefined;
  /** The body is whole, and ends with these; not told yet. */
  #trailers: Fields | undefined;
  /** Octets told that credit is still owed for. */
  #owed = 0;

  /** `flows`: the body is told from the start, not from the first `read` on. */
  constructor(flows: boolean) {
    this.#flows = flows;
  }

  /** The stream it comes on, once there is one. */
  protected abstract get stream(): Http2Stream | undefined;
  /** A piece came, valid during the call. False: no more until `read`. */
  protected abstract onPiece(bytes: Buffer): boolean;
  /** The body is whole, and all of it was told. */
  protected abstract onWhole(trailers: Fields): void;

  /** Whether all of it came, and waits to be told. */
  protected get isWhole(): boolean {
    return this.#trailers !== undefined;
  }

  /** Whether anything of it came that was not told. */
  protected get hasBegun(): boolean {
    return this.#held !== undefined || this.isWhole;
  }

  /** Goes on after `onPiece` had said stop. */
  read(): void {
    if (this.#flows) return;
    this.#flows = true;
    this.#settle();
    if (this.#held !== undefined) this.#tellHeld(this.#held);
    if (this.#flows && this.#held === undefined && this.#trailers !== undefined) this.#tellWhole();
  }

  onData(stream: Http2Stream, bytes: Buffer, ends: boolean): void {
    if (bytes.length > 0) {
      if (this.#flows) this.#tell(stream, bytes);
      else {
        this.#held ??= [];
        this.#held.push(Buffer.from(bytes));
      }
    }
    if (ends) this.finish(noFields);
  }

  onTrailers(_stream: Http2Stream, fields: Fields): void {
    this.finish(fields);
  }

  protected finish(trailers: Fields): void {
    this.#trailers = trailers;
    if (this.#flows) this.#tellWhole();
  }

  /** The body is read no more: credit goes back for the octets that wait. */
  protected discard(): void {
    this.#trailers = undefined;
    for (const { length } of this.#held ?? []) this.#owed += length;
    this.#held = undefined;
    this.#settle();
  }

  #tell(stream: Http2Stream, bytes: Buffer): void {
    this.#flows = this.onPiece(bytes);
    if (this.#flows) stream.consume(bytes.length);
    else this.#owed += bytes.length;
  }

  #tellHeld(held: Buffer[]): void {
    const { stream } = this;
    let told = 0;
    while (told < held.length && this.#flows && this.#held === held) {
      this.#tell(stream as Http2Stream, held[told++] as Buffer);
    }
    if (this.#held !== held) return;
    if (told === held.length) this.#held = undefined;
    else held.splice(0, told);
  }

  #tellWhole(): void {
    const trailers = this.#trailers as Fields;
    this.#trailers = undefined;
    this.onWhole(trailers);
  }

  #settle(): void {
    if (this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.stream?.consume(owed);
  }
}
