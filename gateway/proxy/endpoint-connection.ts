/** Owns one HTTP/1.1 connection to an endpoint: made, carrying one request after another, given back or closed. */
import type { Socket } from 'node:net';
import type { ResponseHead as ReceivedHead } from '../wire/http1/response-head.ts';
import { ResponseParser } from '../wire/http1/response-parser.ts';
import type { Carrier, EndpointCall } from './endpoint-call.ts';
import { type Dialed, dialEndpoint } from './endpoint-socket.ts';
import type { Fields, ResponseHead } from './message.ts';
import { OutgoingBody } from './outgoing-body.ts';
import { readBuffer } from './read-buffer.ts';
import { responseOf } from './received-response.ts';
import { framingOf, requestText } from './request-text.ts';
import type { Listed } from './roster.ts';
import { SocketWriter } from './socket-writer.ts';
import { acceptOf } from './web-socket.ts';

/** Where a connection belongs. */
export interface ConnectionHome extends Dialed {
  /** It may carry another request. */
  onFree(connection: EndpointConnection): void;
  /** Called once. */
  onClosed(connection: EndpointConnection): void;
}

export class EndpointConnection implements Carrier, Listed {
  place = -1;
  readonly #home: ConnectionHome;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  readonly #outgoing: OutgoingBody;
  readonly #parser = new ResponseParser();
  /** While there is none it rests, or is no more. */
  #call: EndpointCall | undefined;
  /** The last head. */
  #received: ReceivedHead | undefined;
  #response: ResponseHead | undefined;
  #isConnected = false;
  #isRequestWhole = true;
  #isHeldBack = false;
  #owesRoom = false;
  /** Whether the endpoint keeps the connection after the response under way. */
  #isKept = true;
  #isTunnel = false;
  /** When it came to rest, by its pool's clock. */
  restsSince = 0;

  /** Connects, at most for `connectMs` (0 = as long as it takes), and carries `first`. */
  constructor(home: ConnectionHome, first: EndpointCall, connectMs: number) {
    this.#home = home;
    const socket = dialEndpoint(home, connectMs, (octets) => this.#read(octets));
    this.#socket = socket;
    this.#writer = new SocketWriter(socket);
    this.#outgoing = new OutgoingBody(this.#writer);
    socket.once('connect', () => {
      this.#isConnected = true;
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#closed());
    // What is written before there is a connection waits with the socket.
    this.carry(first);
  }

  get isUsable(): boolean {
    return this.#call === undefined && this.#socket.writable && !this.#socket.destroyed;
  }

  carry(call: EndpointCall): void {
    const { request } = call;
    const framing = framingOf(request);
    const text = requestText(request, framing, call.webSocketKey);
    this.#call = call;
    call.entrust(this);
    this.#parser.expect(call);
    this.#isRequestWhole = request.bodyLength === 'none';
    if (this.#isRequestWhole || call.upgrade) this.#writer.last(text);
    else this.#writer.text(text);
    this.#outgoing.begin(framing);
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
    } else if (!this.#outgoing.end(trailers)) {
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
          if (step.status !== 100) {
            this.#call?.handler.onInterim(step.status, step.fields.list());
          }
          break;
        case 'head':
          this.#isKept = step.isPersistent;
          if (step.isTunnel) this.#granted(step);
          else this.#call?.handler.onHead(this.#responseOf(step));
          break;
        case 'data':
          this.#pass(readBuffer.subarray(step.start, step.end));
          break;
        case 'end':
          this.#finish(step.trailers.size === 0 ? none : step.trailers.list());
          break;
        case 'closed':
          this.#socket.destroy();
          return true;
        case 'tunnel':
          if (parser.position < bytes) this.#pass(readBuffer.subarray(parser.position, bytes));
          return !this.#isHeldBack;
        case 'refused':
          this.#break(`the response is not valid HTTP/1.1: ${step.text}`);
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
    }
    return this.#response;
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
    call.handler.onHead(responseOf(head));
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
    const call = this.#call;
    this.#call = undefined;
    this.#socket.destroy();
    if (call === undefined) return;
    call.release();
    if (this.#isTunnel && isOver(this.#socket)) return;
    call.handler.onFailed(call.failure(error, this.#isConnected ? 'maybe' : 'no'));
  }

  #closed(): void {
    this.#break('the connection was closed');
    this.#home.onClosed(this);
  }
}

const none: Fields = [];

/** Whether both directions of a tunnel have come to their ends. */
function isOver({ readableEnded, writableFinished }: Socket): boolean {
  return readableEnded && writableFinished;
}
