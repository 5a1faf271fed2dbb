/** Owns the requests of one HTTP/1.1 connection: read one after another, each answered before the next one begins. */
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import { RequestParser } from '../wire/http1/request-parser.ts';
import type { ClientGround } from './client-ground.ts';
import { type ClientSocket, Http1Exchange } from './http1-exchange.ts';
import type { Fields } from './message.ts';
import { type ReceivedRequest, requestOf } from './received-request.ts';
import type { Unreadable } from './unreadable.ts';

/** The connection they come by. */
export interface RequestsHome extends ClientSocket {
  /** Whether what comes is requests, and not a tunnel's or nobody's. */
  readonly isServing: boolean;
  /** There is some of a head, not all of it yet. */
  onHeadBegun(): void;
  /** The request is answered and whole: the next one may come. */
  onRest(): void;
  /** No request can be read any more. */
  onUnreadable(why: Unreadable): void;
}

export class ClientRequests {
  readonly #home: RequestsHome;
  readonly #ground: ClientGround;
  readonly #scheme: 'http' | 'https';
  readonly #parser: RequestParser;
  /** The last head, and what it asks for. */
  #received: ReceivedHead | undefined;
  #request: ReceivedRequest | undefined;
  /** The one under way, until its connection rests again. */
  exchange: Http1Exchange | undefined;
  /** Whether the request under way has come to its end. */
  isWhole = false;
  /** Whether its body waits to be asked for. */
  isHeld = false;
  isHeadBegun = false;

  constructor(home: RequestsHome, ground: ClientGround, scheme: 'http' | 'https') {
    this.#home = home;
    this.#ground = ground;
    this.#scheme = scheme;
    this.#parser = new RequestParser(ground.headLimits);
  }

  /** Reads `input` up to `length`, or up to where nothing more is wanted for now; returns how far it came. */
  read(input: Buffer, length: number): number {
    const parser = this.#parser;
    let at = 0;
    while (this.#home.isServing && !this.isHeld) {
      if (this.exchange !== undefined && this.isWhole) {
        if (!this.exchange.isOver) break;
        this.#home.onRest();
      }
      const step = parser.step(input, at, length);
      const start = at;
      at = parser.position;
      switch (step.kind) {
        case 'head':
          this.#begin(step);
          break;
        case 'data':
          if (this.exchange?.handler?.onBody(input.subarray(step.start, step.end)) === false) {
            this.isHeld = true;
          }
          break;
        case 'end':
          this.isWhole = true;
          this.#bodyEnded(step.trailers.list());
          break;
        case 'tunnel':
        case 'closed':
          this.isWhole = true;
          return this.exchange === undefined ? length : at;
        case 'more':
          if (this.exchange === undefined && start < length) this.headGoesOn();
          return at;
        case 'refused':
          this.#home.onUnreadable({ status: step.status, what: step.text });
          return length;
      }
    }
    return at;
  }

  /** Some of a head has come. */
  headGoesOn(): void {
    if (this.isHeadBegun) return;
    this.isHeadBegun = true;
    this.#home.onHeadBegun();
  }

  /** The one under way is done with, however it ended. */
  over(): void {
    if (this.exchange === undefined) return;
    this.exchange = undefined;
    this.#ground.inFlight.ended();
  }

  #begin(received: ReceivedHead): void {
    const request = this.#requestOf(received);
    if (request.kind === 'refused') {
      this.#home.onUnreadable(request.why);
      return;
    }
    const { head } = request;
    this.isHeadBegun = false;
    this.isWhole = false;
    this.isHeld = head.bodyLength !== 'none' && head.tunnel === undefined;
    this.exchange = new Http1Exchange(this.#home, received, head);
    this.#ground.inFlight.began();
    this.exchange.begin(this.#ground.taker);
  }

  /** The parser gives the same head again where the client repeats itself. */
  #requestOf(received: ReceivedHead): ReceivedRequest {
    if (this.#received !== received || this.#request === undefined) {
      this.#received = received;
      this.#request = requestOf(received, this.#scheme);
    }
    return this.#request;
  }

  #bodyEnded(trailers: Fields): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    const { bodyLength, tunnel } = exchange.head;
    if (bodyLength !== 'none' && tunnel === undefined) exchange.handler?.onBodyEnd(trailers);
  }
}
