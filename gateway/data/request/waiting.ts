/** Owns a request that a step holds: it goes its way once that is decided, or is over before. */
import type { ExchangeEnd, ExchangeHandler } from '../message/exchange.ts';
import type { Fields } from '../message/message.ts';

/** Nothing of the body is read before there is somebody to be told of it. */
export class Waiting implements ExchangeHandler {
  #handler: ExchangeHandler | undefined;
  #isOver = false;
  readonly #left: () => void;

  /** `left` is called where the request is over before it is decided. */
  constructor(left: () => void) {
    this.#left = left;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** To be called before anything of the body is read. */
  goOn(handler: ExchangeHandler): void {
    this.#handler = handler;
  }

  onBody(bytes: Buffer): boolean {
    return this.#handler?.onBody(bytes) ?? true;
  }

  onBodyEnd(trailers: Fields): void {
    this.#handler?.onBodyEnd(trailers);
  }

  onWritable(): void {
    this.#handler?.onWritable();
  }

  onOver(how: ExchangeEnd): void {
    this.#isOver = true;
    if (this.#handler === undefined) this.#left();
    else this.#handler.onOver(how);
  }
}
