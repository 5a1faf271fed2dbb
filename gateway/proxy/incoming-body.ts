/** Owns the content of a message that is arriving, as a stream that holds its sender back. */
import { Readable } from 'node:stream';
import type { Fields } from './message.ts';

/** The connection that a body comes from. */
export interface BodySource {
  /** The body's reader has room: read on. Called again and again. */
  onWanted(): void;
  /** The body was destroyed before it was whole. */
  onUnwanted(): void;
}

/** Ends only when it is whole; anything else destroys it with an error. */
export class IncomingBody extends Readable {
  readonly #source: BodySource;
  #isWhole = false;
  #trailers: Fields = [];

  constructor(source: BodySource) {
    super();
    this.#source = source;
    // A break is heard by whoever reads the body; until somebody does it only marks the body.
    this.on('error', ignore);
  }

  /** Empty until the body is whole. */
  get trailers(): Fields {
    return this.#trailers;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** False: hold the sender back until `onWanted`. The body keeps `data`. */
  add(data: Buffer): boolean {
    return this.destroyed || this.push(data);
  }

  finish(trailers: Fields): void {
    this.#isWhole = true;
    this.#trailers = trailers;
    if (!this.destroyed) this.push(null);
  }

  break(error: Error): void {
    if (!this.#isWhole) this.destroy(error);
  }

  override _read(): void {
    this.#source.onWanted();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isWhole) this.#source.onUnwanted();
    done(error);
  }
}

function ignore(): void {}
