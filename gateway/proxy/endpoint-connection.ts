/** Owns one connection to an endpoint: made, carrying one request after another, given back or closed. */
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ResponseParser } from '../wire/http1/response-parser.ts';
import type { Carrier, EndpointTry } from './endpoint-try.ts';
import { OutgoingMessage } from './outgoing-message.ts';

/** Where a connection belongs. */
export interface ConnectionHome {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  /** It may carry another request. */
  onFree(connection: EndpointConnection): void;
  /** Called once. */
  onClosed(connection: EndpointConnection): void;
}

/** All reads land here: what is to stay is copied out before the next one. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export class EndpointConnection implements Carrier {
  readonly #home: ConnectionHome;
  readonly #socket: Socket;
  readonly #parser = new ResponseParser();
  #cancelConnectTimer: (() => void) | undefined;
  #try: EndpointTry | undefined;
  /** The content of the request, while there is some to send. */
  #outgoing: OutgoingMessage | undefined;
  #isHeldBack = false;
  /** Whether the endpoint keeps the connection after the response under way. */
  #isKept = true;
  /** When it came to rest, by its pool's clock. */
  restsSince = 0;

  /** Connects, at most for `connectMs` (0 = as long as it takes), and carries `first`. */
  constructor(home: ConnectionHome, first: EndpointTry, connectMs: number) {
    this.#home = home;
    this.#try = first;
    first.entrust(this);
    const { host, port, lookup, clock } = home;
    const socket = connect({
      host,
      port,
      lookup,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket = socket;
    if (connectMs > 0) {
      const late = () => socket.destroy(new Error(`no connection within ${connectMs} ms`));
      this.#cancelConnectTimer = clock.after(connectMs, late);
    }
    socket.once('connect', () => {
      this.#cancelConnectTimer?.();
      this.#send();
    });
    socket.on('drain', () => this.#outgoing?.drained());
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#closed());
  }

  get isUsable(): boolean {
    return this.#try === undefined && this.#socket.writable && !this.#socket.destroyed;
  }

  carry(next: EndpointTry): void {
    this.#try = next;
    next.entrust(this);
    this.#send();
  }

  resume(): void {
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #send(): void {
    const current = this.#try;
    if (current === undefined) return;
    const { request, requestBody } = current;
    current.sending();
    this.#parser.expect({ method: request.method, upgrade: false });
    if (requestBody === undefined) {
      this.#socket.write(request.head, 'latin1');
      return;
    }
    this.#outgoing = new OutgoingMessage(this.#socket, {
      head: request.head,
      framing: request.framing,
      body: requestBody,
      trailers: () => [],
      onMoved: ignore,
      onDone: (how) => {
        if (how === 'body-broke') this.#fail(new Error('the request body broke'));
      },
    });
    this.#outgoing.start();
  }

  /** False: read no more until `resume`. */
  #read(bytes: number): boolean {
    const parser = this.#parser;
    for (let at = 0; ; at = parser.position) {
      const step = parser.step(readBuffer, at, bytes);
      switch (step.kind) {
        case 'more':
          return !this.#isHeldBack;
        case 'interim':
          break;
        case 'head':
          this.#isKept = step.isPersistent;
          this.#try?.answered(step);
          break;
        case 'data':
          // A copy: the next read overwrites the buffer.
          if (this.#try?.received(Buffer.from(readBuffer.subarray(step.start, step.end))) === false)
            this.#isHeldBack = true;
          break;
        case 'end':
          this.#finish(step.trailers.list());
          break;
        case 'closed':
          this.#socket.destroy();
          return true;
        case 'tunnel':
          this.#fail(new Error('the protocol was switched without having been asked'));
          return true;
        case 'refused':
          this.#fail(new Error(`the response is not valid HTTP/1.1: ${step.text}`));
          return true;
      }
      if (this.#socket.destroyed) return true;
    }
  }

  /** The response is whole. */
  #finish(trailers: string[]): void {
    const finished = this.#try;
    const isRequestWhole = this.#outgoing?.isOver ?? true;
    this.#try = undefined;
    if (isRequestWhole) this.#outgoing = undefined;
    finished?.finished(trailers);
    // An endpoint that answers before it has the whole request wants no more of it.
    if (!isRequestWhole || !this.#isKept) {
      this.#socket.destroy();
      return;
    }
    this.resume();
    this.#home.onFree(this);
  }

  /** The endpoint sends no more: that may be how its response ends. */
  #ended(): void {
    const last = this.#parser.close();
    if (last.kind === 'end') this.#finish([]);
    else this.#fail(new Error('the connection was closed before the response was whole'));
  }

  #fail(error: Error): void {
    const failed = this.#try;
    this.#try = undefined;
    failed?.failed(error);
    this.#socket.destroy();
  }

  #closed(): void {
    this.#cancelConnectTimer?.();
    this.#fail(new Error('the connection was closed'));
    this.#outgoing?.cut();
    this.#home.onClosed(this);
  }
}

function ignore(): void {}
