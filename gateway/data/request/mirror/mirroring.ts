/** Owns sending copies of a request: what comes of its body is kept until it is whole, then each copy goes its way by itself. */
import type { Exchange, ExchangeHandler } from '../../message/exchange.ts';
import type { Fields } from '../../message/message.ts';
import type { Mirrored } from '../../message/passage.ts';

/** Most octets of a body that is copied: a request with more is not. */
const mostCopied = 64 * 1024;

/** Why a copy is not sent. */
type NotCopied = 'too-large' | 'broken-off';

/** Stands between a request and its handler, who hears all of it first. */
export class Mirroring implements ExchangeHandler {
  readonly #handler: ExchangeHandler;
  readonly #send: (body: readonly Buffer[], trailers: Fields) => void;
  readonly #giveUp: (why: NotCopied) => void;
  #kept: Buffer[] | undefined = [];
  #size = 0;

  constructor(
    handler: ExchangeHandler,
    send: (body: readonly Buffer[], trailers: Fields) => void,
    giveUp: (why: NotCopied) => void,
  ) {
    this.#handler = handler;
    this.#send = send;
    this.#giveUp = giveUp;
  }

  onBody(bytes: Buffer): boolean {
    this.#size += bytes.length;
    if (this.#kept !== undefined) {
      if (this.#size <= mostCopied) this.#kept.push(Buffer.from(bytes));
      else this.#leave('too-large');
    }
    return this.#handler.onBody(bytes);
  }

  onBodyEnd(trailers: Fields): void {
    const body = this.#kept;
    this.#kept = undefined;
    this.#handler.onBodyEnd(trailers);
    if (body !== undefined) this.#send(body, trailers);
  }

  onWritable(): void {
    this.#handler.onWritable();
  }

  onOver(how: Parameters<ExchangeHandler['onOver']>[0]): void {
    if (this.#kept !== undefined) this.#leave('broken-off');
    this.#handler.onOver(how);
  }

  #leave(why: NotCopied): void {
    this.#kept = undefined;
    this.#giveUp(why);
  }
}

/** A copy as its handler sees it: its body is here already, and nobody reads its answer. */
export class CopiedExchange implements Exchange {
  readonly peer: Exchange['peer'];
  readonly head: Exchange['head'];
  passage: Exchange['passage'];
  readonly #body: readonly Buffer[];
  readonly #trailers: Fields;
  readonly #ended: () => void;
  #isOver = false;
  #handler: ExchangeHandler | undefined;
  #next = 0;
  #isWhole = false;

  constructor(
    { peer, head }: Exchange,
    { passage }: Mirrored,
    body: readonly Buffer[],
    trailers: Fields,
    ended: () => void,
  ) {
    const { method, protocol, scheme, authority, path, fields, connectionTokens } = head;
    const octets = body.reduce((sum, { length }) => sum + length, 0);
    this.peer = peer;
    this.head = {
      ...{ method, protocol, scheme, authority, path, fields, connectionTokens },
      bodyLength: octets === 0 ? 'none' : octets,
      // The body is here: nobody is to be asked for it.
      expectsContinue: false,
      tunnel: undefined,
    };
    this.passage = passage;
    this.#body = body;
    this.#trailers = trailers;
    this.#ended = ended;
  }

  set handler(handler: ExchangeHandler) {
    this.#handler = handler;
  }

  read(): void {
    // Whoever reads may not be ready yet to hear of it.
    queueMicrotask(() => this.#flow());
  }

  inform(): boolean {
    return true;
  }

  respond(_head: unknown, ends: boolean): void {
    if (ends) this.#over();
  }

  write(): boolean {
    return true;
  }

  end(): void {
    this.#over();
  }

  retract(): boolean {
    return false;
  }

  destroy(): void {
    this.#handler = undefined;
    this.#leave();
  }

  #flow(): void {
    while (this.#next < this.#body.length) {
      const goesOn = this.#handler?.onBody(this.#body[this.#next++] as Buffer);
      if (goesOn !== true) return;
    }
    if (this.#isWhole || this.head.bodyLength === 'none') return;
    this.#isWhole = true;
    this.#handler?.onBodyEnd(this.#trailers);
  }

  #over(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#leave();
    queueMicrotask(() => handler?.onOver('sent'));
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
  }
}
