/**
 * Owns one HTTP/1.1 connection to an endpoint: made, carrying one request after another, given back or closed.
 *
 * An endpoint may close a kept connection at any time, also while a request is on its way to it. One that must not be sent twice
 * (RFC 9110 section 9.2.2) therefore leaves only once all that has arrived in this turn is read: if the connection's end is
 * among it, the request has not left.
 */
import type { Socket } from 'node:net';
import type { Listed } from '../../../core/roster.ts';
import type { CallOptions } from '../message/call.ts';
import { keepAliveId } from '../message/headers.ts';
import type { Fields, ResponseHead } from '../message/message.ts';
import { OutgoingBody } from '../message/outgoing-body.ts';
import { acceptOf } from '../message/web-socket.ts';
import { isIdempotent } from '../request/retry/verdict.ts';
import { readBuffer } from '../socket/read-buffer.ts';
import { SocketWriter } from '../socket/socket-writer.ts';
import type { HeadLimits, Http1Limits } from '../wire/http1/limits.ts';
import type { Refusal } from '../wire/http1/refusal.ts';
import type { ResponseHead as ReceivedHead } from '../wire/http1/response-head.ts';
import { ResponseParser } from '../wire/http1/response-parser.ts';
import { isServerPreface } from '../wire/http2/server-preface.ts';
import { CountedConnection } from './counted-connection.ts';
import type { Carrier, EndpointCall } from './endpoint-call.ts';
import { type Dialed, dialEndpoint, isOfTls, onceOpen } from './endpoint-socket.ts';
import { responseOf } from './received-response.ts';
import { framingOf, requestText } from './request-text.ts';
import { restHintMs } from './rest-hint.ts';

/** The pool that a connection belongs to. */
export interface ConnectionHome extends Dialed {
  /** Limits on heads of responses. */
  readonly heads: Http1Limits;
  /** The connection may carry another request. */
  onFree(connection: EndpointConnection): void;
  /** Called once. */
  onClosed(connection: EndpointConnection): void;
}

export class EndpointConnection implements Carrier, Listed {
  place = -1;
  readonly #home: ConnectionHome;
  readonly #counted: CountedConnection | undefined;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #outgoing: OutgoingBody;
  readonly #parser: ResponseParser;
  /** While there is none it rests, or is no more. */
  #call: EndpointCall | undefined;
  /** The last head. */
  #received: ReceivedHead | undefined;
  #response: ResponseHead | undefined;
  #isConnected = false;
  #isRequestWhole = true;
  /** Whether the response under way has its head. */
  #hasHead = false;
  #isHeldBack = false;
  #owesRoom = false;
  /** Whether the endpoint keeps the connection after the response under way. */
  #isKept = true;
  #isTunnel = false;
  /** Whether it carried a request before, so that the endpoint may have closed it meanwhile. */
  #isKeptOne = false;
  /** Whether the request under way leaves at the end of the turn only. */
  #waits = false;
  /** How long the connection may rest, in milliseconds, as the endpoint says. */
  #hintMs = Infinity;
  /** The same, as the service says that it last carried a request for. */
  #askedMs = 0;
  /** Since when it rests, and until when it may, in monotonic milliseconds. */
  restsSince = 0;
  restsUntil = 0;

  /** Connects, at most for `connectMs` (0 = as long as it takes), and carries `first`. */
  constructor(home: ConnectionHome, first: EndpointCall, { connectMs, restMs, gate }: CallOptions) {
    this.#home = home;
    this.#counted = gate && new CountedConnection(gate);
    const onread = { buffer: readBuffer, callback: (octets: number) => this.#read(octets) };
    const socket = dialEndpoint(home, connectMs, { alpn: 'http/1.1', allowHalfOpen: true, onread });
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.#outgoing = new OutgoingBody(this.#writer);
    this.#parser = new ResponseParser(home.heads);
    onceOpen(socket, () => this.#connected());
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#closed());
    // What is written before there is a connection waits with the socket.
    this.carry(first, restMs);
  }

  get isUsable(): boolean {
    return this.#call === undefined && this.#socket.writable && !this.#socket.destroyed;
  }

  /** Carries a call; the connection may rest for `restMs` after it. */
  carry(call: EndpointCall, restMs: number): void {
    const { request } = call;
    const framing = framingOf(request);
    const text = requestText(request, framing, call.webSocketKey);
    this.#call = call;
    this.#askedMs = restMs;
    this.#hasHead = false;
    call.entrust(this);
    this.#parser.expect(call);
    this.#isRequestWhole = request.bodyLength === 'none';
    this.#waits = this.#isKeptOne && !isIdempotent(request.method);
    this.#writer.begin();
    if ((this.#isRequestWhole && !this.#waits) || call.upgrade) this.#writer.last(text);
    else this.#writer.text(text);
    this.#outgoing.begin(framing);
  }

  /** Most time that it may rest now. */
  get restMs(): number {
    return Math.min(this.#askedMs, this.#hintMs);
  }

  get isReady(): boolean {
    return this.#isConnected;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isTunnel) this.#writer.bytes(bytes);
    else if (!this.#outgoing.write(bytes)) this.#break('the request body is longer than announced');
    this.#owesRoom = !this.#writer.hasRoom;
    return !this.#owesRoom;
  }

  end(trailers: Fields | undefined): void {
    if (this.#isRequestWhole) return;
    this.#isRequestWhole = true;
    if (this.#isTunnel) {
      this.#writer.flush();
      this.#socket.end();
    } else if (!this.#outgoing.end(trailers, !this.#waits)) {
      this.#break('the request body is shorter than announced');
    }
  }

  read(): void {
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    this.#socket.resume();
  }

  destroy(): void {
    this.#call?.release();
    this.#call = undefined;
    this.#socket.destroy();
  }

  /** The rest of the body is asked for, which was not while nothing could take it. */
  #connected(): void {
    this.#isConnected = true;
    this.#counted?.connected();
    if (this.#isRequestWhole) return;
    if (this.#writer.hasRoom) this.#call?.handler.onWritable();
    else this.#owesRoom = true;
  }

  #drained(): void {
    if (!this.#owesRoom) return;
    this.#owesRoom = false;
    this.#call?.handler.onWritable();
  }

  /** False: read no more until `read`. */
  #read(bytes: number): boolean {
    if (this.#isTunnel) return this.#pass(readBuffer.subarray(0, bytes));
    const parser = this.#parser;
    for (let at = 0; ; at = parser.position) {
      const step = parser.step(readBuffer, at, bytes);
      switch (step.kind) {
        case 'more':
          return !this.#isHeldBack;
        case 'interim':
          this.#inform(step);
          break;
        case 'head':
          this.#isKept = parser.isPersistent;
          this.#hasHead = true;
          if (step.isTunnel) this.#granted(step);
          else this.#call?.handler.onResponse(this.#responseOf(step));
          break;
        case 'data':
          this.#pass(readBuffer.subarray(step.start, step.end));
          break;
        case 'end':
          this.#finish(step.trailers);
          break;
        case 'closed':
          this.#socket.destroy();
          return true;
        case 'tunnel':
          if (parser.position < bytes) this.#pass(readBuffer.subarray(parser.position, bytes));
          return !this.#isHeldBack;
        case 'refused':
          if (this.#hasHead) this.#break(`the response broke: ${step.text}`);
          else this.#refuse(step, isServerPreface(readBuffer, at, bytes));
          return true;
      }
      if (this.#socket.destroyed) return true;
    }
  }

  /** The parser gives the same head again where the endpoint repeats itself. */
  #responseOf(received: ReceivedHead): ResponseHead {
    if (this.#received !== received || this.#response === undefined) {
      this.#received = received;
      this.#response = responseOf(received);
      this.#hintMs = restHintMs(received.fields.getById(keepAliveId));
    }
    return this.#response;
  }

  #inform({ status, fields }: ReceivedHead): void {
    if (this.#call?.handler.onInterim(status, fields.list()) === false) this.#isHeldBack = true;
  }

  #pass(bytes: Buffer): boolean {
    if (this.#call?.handler.onBody(bytes) === false) this.#isHeldBack = true;
    return !this.#isHeldBack;
  }

  #granted(head: ReceivedHead): void {
    const call = this.#call;
    if (call === undefined) return;
    const { webSocketKey: key } = call;
    if (key !== undefined && head.fields.get('sec-websocket-accept') !== acceptOf(key)) {
      this.#break('the answer to a WebSocket handshake does not fit its key');
      return;
    }
    this.#isTunnel = true;
    this.#isRequestWhole = false;
    call.handler.onResponse(responseOf(head));
  }

  /** The response is whole. */
  #finish(trailers: Fields): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#call = undefined;
    call.release();
    // An endpoint that answers before it has the whole request wants no more of it.
    if (!this.#isRequestWhole || !this.#isKept) this.#socket.destroy();
    else {
      this.read();
      this.#isKeptOne = true;
      this.#home.onFree(this);
    }
    call.handler.onEnd(trailers);
  }

  /** The endpoint sends no more: that may be how its response ends. */
  #ended(): void {
    if (this.#isTunnel) {
      this.#call?.handler.onEnd(none);
      return;
    }
    const last = this.#parser.close();
    this.#isKept = false;
    if (last.kind === 'end') this.#finish(none);
    else this.#break('the connection was closed before the response was whole');
    this.#socket.destroy();
  }

  #break(what: string): void {
    this.#fail(new Error(what));
  }

  #fail(error: Error): void {
    const call = this.#giveUp();
    if (call === undefined || (this.#isTunnel && isOver(this.#socket))) return;
    // What was to leave at the end of this turn is with us still: the end was read first, and nothing follows it.
    const failure =
      this.#isKeptOne && this.#writer.retract()
        ? call.staleFailure(error)
        : call.failure(error, this.#isSent(error) ? 'maybe' : 'no');
    call.handler.onFailed(failure);
  }

  /** Whether the endpoint may have acted on the request: not where it was never let in. */
  #isSent(error: Error): boolean {
    const isAnswered = this.#isKeptOne || this.#hasHead;
    return this.#isConnected && (isAnswered || !isOfTls(error));
  }

  #refuse(refusal: Refusal, isHttp2: boolean): void {
    const call = this.#giveUp();
    call?.handler.onFailed(
      isHttp2 ? call.otherVersion() : call.refusal(whyRefused(refusal, this.#home.heads)),
    );
  }

  /** Returns what it carried. */
  #giveUp(): EndpointCall | undefined {
    const call = this.#call;
    this.#call = undefined;
    this.#socket.destroy();
    call?.release();
    return call;
  }

  #closed(): void {
    this.#break('the connection was closed');
    this.#counted?.closed();
    this.#home.onClosed(this);
  }
}

const none: Fields = [];

function whyRefused({ code, text }: Refusal, { maxHeadBytes, maxFields }: HeadLimits): string {
  if (code === 'head-too-large') return `Its head has more than ${maxHeadBytes} bytes`;
  return code === 'too-many-fields' ? `Its head has more than ${maxFields} fields` : text;
}

/** Whether both directions of a tunnel have come to their ends. */
function isOver({ readableEnded, writableFinished }: Socket): boolean {
  return readableEnded && writableFinished;
}
