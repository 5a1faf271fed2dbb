/** Owns a request received over HTTP/2, from a client or another gateway: one stream. */

import type { Exchange, ExchangeEnd, ExchangeHandler, ExchangeTaker } from '../message/exchange.ts';
import type {
  BodyLength,
  Fields,
  OutgoingResponse,
  RequestHead,
  Tunnel,
} from '../message/message.ts';
import type { Passage } from '../message/passage.ts';
import type { Peer } from '../message/peer.ts';
import { BodyReader } from '../socket/body-reader.ts';
import type { Http2Stream, ReceivedRequest, StreamEnd, StreamHandler } from '../wire/http2/api.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import type { UnreadableStatus } from '../wire/http2/unreadable.ts';

const nothing = new Uint8Array(0);
const noTokens: readonly string[] = [];
const tcp: Tunnel = { kind: 'tcp' };

/** The connection an exchange belongs to. */
export interface ExchangeHome {
  readonly peer: Peer;
  /** As in `ServerHandler`, for a request whose rest can't be taken. */
  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
    method: string,
  ): StreamHandler;
  /** The same when its answer has begun, so that it is reset. */
  onBroken(status: UnreadableStatus, why: string): void;
  /** Called once for each exchange, however it ends. */
  onExchangeOver(): void;
}

export class Http2Exchange extends BodyReader implements Exchange, StreamHandler {
  readonly head: RequestHead;
  passage: Passage | undefined = undefined;
  protected readonly stream: Http2Stream;
  readonly #home: ExchangeHome;
  #handler: ExchangeHandler | undefined;
  #isOver = false;
  /** `go-on`: what a client hears that waits for 100 (Continue) (RFC 9110 section 10.1.1), if it does wait. */
  #said: 'nothing' | 'go-on' | 'answer' = 'nothing';
  /** Nobody is told of anything any more. */
  #isDestroyed = false;

  constructor(home: ExchangeHome, head: RequestHead, stream: Http2Stream) {
    super(false);
    this.#home = home;
    this.head = head;
    this.stream = stream;
  }

  get peer(): Peer {
    return this.#home.peer;
  }

  /** To be called once, and first of all. */
  begin(taker: ExchangeTaker): void {
    this.#handler = taker.take(this);
  }

  override read(): void {
    if (this.#said === 'nothing') this.#tellToGoOn();
    this.stream.openWindow();
    super.read();
  }

  /** No window holds heads back: one that finds too much before it is left out. */
  inform(status: number, fields: Fields): boolean {
    this.stream.respond({ status, fields }, false);
    return true;
  }

  respond({ status, fields, bodyLength }: OutgoingResponse, ends: boolean): void {
    const length = typeof bodyLength === 'number' ? bodyLength : undefined;
    this.#said = 'answer';
    this.stream.respond(
      {
        // RFC 8441 section 5: what 101 is in HTTP/1.1.
        status: status === 101 ? 200 : status,
        fields: fields.list(),
        start: fields.start,
        more: fields.more?.(),
        length: this.head.tunnel === undefined ? length : undefined,
        sensitive: fields.sensitive,
      },
      ends,
    );
  }

  write(bytes: Uint8Array): boolean {
    return this.stream.write(bytes, false);
  }

  end(trailers?: Fields): void {
    if (trailers !== undefined && trailers.length > 0) this.stream.trailers(trailers);
    else this.stream.write(nothing, true);
  }

  /** A head that was written can't be taken back: it has changed the compression table. */
  retract(): boolean {
    return false;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.stream.reset(errorCode.internalError);
  }

  onInterim(): void {
    // Only servers send them.
  }

  onResponse(): void {
    // Only servers send them.
  }

  onWritable(): void {
    if (!this.#isDestroyed) this.#handler?.onWritable();
  }

  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
  ): StreamHandler | undefined {
    if (this.#isOver || this.#isDestroyed) return undefined;
    this.#over('refused');
    if (this.#said !== 'answer') {
      return this.#home.onUnreadable(stream, status, why, this.head.method);
    }
    this.#home.onBroken(status, why);
    return undefined;
  }

  onClosed(_stream: Http2Stream, end: StreamEnd): void {
    if (!this.#isOver) this.#over(end.kind === 'complete' ? 'sent' : 'client-gone');
  }

  #over(how: ExchangeEnd): void {
    this.#isOver = true;
    this.discard();
    this.#home.onExchangeOver();
    if (!this.#isDestroyed) this.#handler?.onOver(how);
  }

  #tellToGoOn(): void {
    this.#said = 'go-on';
    if (this.head.expectsContinue && !this.hasBegun) this.inform(100, []);
  }

  protected onPiece(bytes: Buffer): boolean {
    return this.#isOver || this.#isDestroyed || (this.#handler as ExchangeHandler).onBody(bytes);
  }

  protected onWhole(trailers: Fields): void {
    if (!this.#isOver && !this.#isDestroyed) this.#handler?.onBodyEnd(trailers);
  }
}

/**
 * `path`: the request's, normal. `scheme`: how the client reached us, where the request itself is not to be believed. `expects`:
 * whether it expects to be asked for its content.
 */
export function requestOf(
  received: ReceivedRequest,
  path: string,
  ends: boolean,
  scheme: 'http' | 'https',
  expects: boolean,
): RequestHead {
  const { method, authority, protocol, fields, length } = received;
  const tunnel: Tunnel | undefined =
    method !== 'CONNECT' ? undefined : protocol === undefined ? tcp : { kind: 'upgrade', protocol };
  const bodyLength: BodyLength =
    tunnel !== undefined ? 'unknown' : ends ? 'none' : length >= 0 ? length : 'unknown';
  return {
    // What RFC 8441 section 5 sends CONNECT for, HTTP/1.1 asks for by GET.
    method: tunnel?.kind === 'upgrade' ? 'GET' : method,
    protocol: '2',
    scheme,
    authority,
    path,
    fields,
    bodyLength,
    expectsContinue: expects && tunnel === undefined && bodyLength !== 0,
    connectionTokens: noTokens,
    tunnel,
  };
}
