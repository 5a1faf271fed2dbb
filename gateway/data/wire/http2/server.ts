/** Owns the server's side of a connection: requests come in, and are refused where there are too many or they are malformed. */
import type { ServerHandler } from './api.ts';
import { Connection } from './connection.ts';
import type { HeaderBlock } from './header-block.ts';
import type { ConnectionContext } from './options.ts';
import { errorCode, max31 } from './protocol.ts';
import { readRequest } from './read-head.ts';
import type { Stream } from './stream.ts';
import { bodyLengthWrong, resetCodes, type UnreadableStatus } from './unreadable.ts';

export class Http2Server extends Connection {
  readonly #handler: ServerHandler;
  /** The highest stream seen, and the highest that something was done for. */
  #highest = 0;
  #last = 0;
  #warned = false;
  #draining = false;
  /** The final GOAWAY was sent: newer streams are passed over. */
  #closed = false;
  #requests = 0;

  constructor(handler: ServerHandler, context: ConnectionContext) {
    super(handler, context, true);
    this.#handler = handler;
  }

  /** Requests handed up so far. */
  get requests(): number {
    return this.#requests;
  }

  /** The first step of `drain`, for clients that make another connection before they leave this one: new requests are taken. */
  warn(): void {
    if (this.over || this.#warned) return;
    this.#warned = true;
    this.streams.writer.goaway(max31, errorCode.noError, '');
  }

  /** In two steps, so that no request on its way is refused (section 6.8): all new ones, then after a round trip none. */
  drain(): void {
    if (this.over || this.#draining) return;
    this.#draining = true;
    const { writer } = this.streams;
    this.warn();
    this.pings.send(() => {
      if (this.over) return;
      writer.goaway(this.#last, errorCode.noError, '');
      this.#closed = true;
      this.leaving = true;
      this.finishIfDone();
    });
  }

  protected lastPeerStream(): number {
    return this.#last;
  }

  /** Streams with even numbers are ours to open, by pushes that we never make. */
  isIdle(id: number): boolean {
    return id > this.#highest || id % 2 === 0;
  }

  protected onHead(
    id: number,
    _stream: Stream | undefined,
    block: HeaderBlock,
    tooLarge: boolean,
    ends: boolean,
  ): void {
    if (id % 2 === 0) {
      this.fail(errorCode.protocolError, 'request on a stream with an even number');
      return;
    }
    if (id <= this.#highest) {
      this.passOverHead(id, ends);
      return;
    }
    this.#highest = id;
    if (this.#closed) {
      // As GOAWAY said: it is above the last (section 6.8), which stays.
      if (this.spendIdle(1, 'HEADERS')) this.streams.passOver(id, ends);
    } else {
      this.#last = id;
      this.#onRequest(id, block, tooLarge, ends);
    }
  }

  onUnfinished(id: number): void {
    this.#handler.onUnfinished(id);
  }

  /** To be called some time after `onUnfinished`: the client is told that the rest is not wanted. */
  giveUp(id: number): void {
    this.streams.giveUp(id);
  }

  protected onPeerGoaway(): void {
    // GOAWAY of a client is about pushes.
  }

  override malformed(stream: Stream, what: string, status: UnreadableStatus = 400): void {
    if (!this.countBroken()) return;
    const answering = stream.handler?.onUnreadable?.(stream, status, what);
    if (answering === undefined) {
      this.streams.fail(stream, resetCodes[status], what);
      return;
    }
    this.streams.attach(stream, answering);
    stream.consume(stream.unconsumed);
  }

  #onRequest(id: number, block: HeaderBlock, tooLarge: boolean, ends: boolean): void {
    const isFull = this.openStreams >= this.options.maxConcurrentStreams;
    if (isFull || this.hasTooManyBroken()) {
      // Until the settings were acknowledged, the client can't know better.
      if (isFull && !this.#countExcess()) return;
      this.streams.refuse(id, errorCode.refusedStream, ends);
      this.#handler.onExcess();
      return;
    }
    if (tooLarge) {
      this.#refuse(id, block, ends, 431, 'the head is too large');
      return;
    }
    const read = readRequest(block, this.options.connectProtocol);
    if (typeof read === 'string' || (ends && read.length > 0)) {
      const why = typeof read === 'string' ? read : bodyLengthWrong;
      this.#refuse(id, block, ends, 400, why);
      return;
    }
    const stream = this.#open(id, ends, read.length);
    stream.isTunnel = read.method === 'CONNECT';
    this.#requests++;
    this.floods.head();
    this.streams.attach(stream, this.#handler.onRequest(stream, read, ends));
  }

  /** False when it was one too many: then the connection is over. */
  #countExcess(): boolean {
    return this.settings.acknowledged ? this.countBroken() : this.spendIdle(1, 'HEADERS');
  }

  /** `expected`: octets that its body is to have, -1 where nobody knows. */
  #open(id: number, ends: boolean, expected: number): Stream {
    const stream = this.streams.create(id);
    stream.headReceived = true;
    stream.receivedEnd = ends;
    stream.expected = expected;
    return stream;
  }

  /** Answers the request, which says more than a reset (section 8.1.1); the rest of it is let in, and dropped. */
  #refuse(
    id: number,
    block: HeaderBlock,
    ends: boolean,
    status: UnreadableStatus,
    why: string,
  ): void {
    if (!this.countBroken()) return;
    const method = block.all().find(({ name }) => name === ':method')?.value ?? '';
    const stream = this.#open(id, ends, -1);
    this.streams.attach(stream, this.#handler.onUnreadable(stream, status, why, method));
  }
}
