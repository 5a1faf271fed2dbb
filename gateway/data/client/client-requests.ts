/**
 * Owns what comes in by one HTTP/1.1 connection: requests one after another, each answered before the next one begins, or the octets
 * of a tunnel; and what of it waits.
 */

import type { Fields } from '../message/message.ts';
import { bodyStepBytes } from '../request/limit.ts';
import type { Unreadable } from '../request/respond/unreadable.ts';
import { Behind, nothing } from '../socket/behind.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import { RequestParser } from '../wire/http1/request-parser.ts';
import type { ClientGround } from './client-ground.ts';
import { type ClientSocket, Http1Exchange } from './http1-exchange.ts';
import { type ReceivedRequest, requestOf } from './received-request.ts';

/** The connection they come by. */
export interface RequestsHome extends ClientSocket {
  /** Whether anything that comes is still wanted. */
  readonly isOpen: boolean;
  /** The rest of a head, or so much of a request that is answered already, has to come within the time of a head. */
  awaitHead(): void;
  /** No request is under way: the next may come. */
  onRest(): void;
  /** No request can be read any more. */
  onUnreadable(why: Unreadable): void;
}

export class ClientRequests {
  readonly #home: RequestsHome;
  readonly #ground: ClientGround;
  readonly #scheme: 'http' | 'https';
  readonly #parser: RequestParser;
  /** Octets that were read and not parsed; the socket rests as long as there are any. */
  readonly #behind = new Behind();
  /** The last head, and what it asks for. */
  #received: ReceivedHead | undefined;
  #request: ReceivedRequest | undefined;
  #exchange: Http1Exchange | undefined;
  /** Whether the request under way has come to its end. */
  #isWhole = false;
  /** Whether its body waits to be asked for. */
  #isHeld = false;
  #isHeadBegun = false;
  #isTunnel = false;
  #isParsing = false;
  /** Octets that have come of a request that is answered. */
  #unwanted = 0;

  constructor(home: RequestsHome, ground: ClientGround, scheme: 'http' | 'https') {
    this.#home = home;
    this.#ground = ground;
    this.#scheme = scheme;
    this.#parser = new RequestParser(ground.headLimits);
  }

  /** The one under way, until its connection rests again. */
  get exchange(): Http1Exchange | undefined {
    return this.#exchange;
  }

  get isHeadBegun(): boolean {
    return this.#isHeadBegun;
  }

  /** Whether nothing is missing of the one under way, for its client was not asked for the rest if there is one. */
  get isReceived(): boolean {
    return this.#isWhole || this.#exchange?.isUnasked === true;
  }

  get isTunnel(): boolean {
    return this.#isTunnel;
  }

  /** Takes octets that were read, valid during the call. False: no more, for now. */
  take(buffer: Buffer, end: number): boolean {
    return this.#isTunnel ? this.#pass(buffer.subarray(0, end)) : this.#parse(buffer, end);
  }

  /** Some of a head has come. */
  headGoesOn(): void {
    if (this.#isHeadBegun) return;
    this.#isHeadBegun = true;
    this.#home.awaitHead();
  }

  /** The body of the one under way is asked for. */
  readOn(): void {
    this.#isHeld = false;
    if (this.#isParsing) return;
    if (this.#isTunnel) {
      const behind = this.#behind.take();
      if (behind.length > 0 && !this.#pass(behind)) return;
    } else if (!this.#isWhole) this.#parse(nothing, 0);
    this.#resume();
  }

  /** From here on octets that come are a tunnel's. */
  tunnel(): void {
    this.#isTunnel = true;
    this.#isHeld = true;
    this.#isWhole = false;
  }

  /** The client says no more in its tunnel. */
  tunnelEnded(): void {
    this.#isWhole = true;
    this.#exchange?.handler?.onBodyEnd([]);
    this.#exchange?.tunnelMoved();
  }

  /** The one under way is answered: on to the one behind it, which comes after the rest of this one's body. */
  answered(): void {
    this.#isHeld = false;
    if (!this.#isWhole) {
      this.#unwanted = 0;
      this.#home.awaitHead();
      if (!this.#isParsing) this.#parse(nothing, 0);
    } else {
      if (this.#isParsing) return;
      this.#rest();
      if (!this.#behind.isEmpty) this.#parse(nothing, 0);
    }
    this.#resume();
  }

  /** The one under way is done with, however it ended. */
  over(): void {
    if (this.#exchange === undefined) return;
    this.#exchange = undefined;
    this.#ground.inFlight.ended();
  }

  /** No more of them is taken. */
  leave(): void {
    this.over();
    this.#behind.take();
  }

  /** Reads what was kept, then `buffer`. False: no more, for now. */
  #parse(buffer: Buffer, end: number): boolean {
    if (this.#exchange?.isOver) this.#drop(end);
    const input = this.#behind.isEmpty ? buffer : this.#behind.takeWith(buffer, end);
    const length = input === buffer ? end : input.length;
    this.#isParsing = true;
    const at = this.#read(input, length);
    this.#isParsing = false;
    if (at === length || !this.#home.isOpen) return true;
    this.#behind.keep(input.subarray(at, length));
    this.#home.socket.pause();
    return false;
  }

  /** Reads `input` up to `length`, or up to where nothing more is wanted for now; returns how far it came. */
  #read(input: Buffer, length: number): number {
    const parser = this.#parser;
    let at = 0;
    while (this.#home.isOpen && !this.#isTunnel && !this.#isHeld) {
      if (this.#exchange !== undefined && this.#isWhole) {
        if (!this.#exchange.isOver) break;
        this.#rest();
      }
      const step = parser.step(input, at, length);
      const start = at;
      at = parser.position;
      switch (step.kind) {
        case 'head':
          this.#begin(step);
          break;
        case 'data':
          if (this.#exchange?.handler?.onBody(input.subarray(step.start, step.end)) === false) {
            this.#isHeld = true;
          }
          break;
        case 'end':
          this.#isWhole = true;
          this.#bodyEnded(step.trailers);
          break;
        case 'tunnel':
        case 'closed':
          this.#isWhole = true;
          return this.#exchange === undefined ? length : at;
        case 'more':
          if (this.#exchange === undefined && start < length) this.headGoesOn();
          return at;
        case 'refused':
          this.#home.onUnreadable({ status: step.status, what: step.text });
          return length;
      }
    }
    return at;
  }

  #pass(octets: Buffer): boolean {
    if (this.#exchange === undefined) return true;
    if (this.#isHeld) this.#behind.add(octets);
    else if (this.#exchange.handler?.onBody(octets) !== false) return true;
    this.#isHeld = true;
    this.#home.socket.pause();
    return false;
  }

  #rest(): void {
    this.over();
    this.#home.onRest();
  }

  /** Counts octets of a request that is answered already: so much of its rest must come in the time of a head. */
  #drop(octets: number): void {
    this.#unwanted += octets;
    if (this.#unwanted < bodyStepBytes) return;
    this.#unwanted = 0;
    this.#home.awaitHead();
  }

  #resume(): void {
    if (!this.#isHeld && this.#behind.isEmpty) this.#home.socket.resume();
  }

  #begin(received: ReceivedHead): void {
    const request = this.#requestOf(received);
    if (request.kind === 'refused') {
      this.#home.onUnreadable(request.why);
      return;
    }
    const { head } = request;
    this.#isHeadBegun = false;
    this.#isWhole = false;
    this.#isHeld = head.bodyLength !== 'none' && head.tunnel === undefined;
    this.#exchange = new Http1Exchange(this.#home, received, head);
    this.#ground.inFlight.began();
    this.#exchange.begin(this.#ground.taker);
  }

  /** The parser gives the same head again where the client repeats itself. */
  #requestOf(received: ReceivedHead): ReceivedRequest {
    if (this.#received !== received || this.#request === undefined) {
      this.#received = received;
      const { limits, defaultAuthority } = this.#ground;
      this.#request = requestOf(received, this.#scheme, limits.encodedSlashes, defaultAuthority);
    }
    return this.#request;
  }

  #bodyEnded(trailers: Fields): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { bodyLength, tunnel } = exchange.head;
    if (bodyLength !== 'none' && tunnel === undefined) exchange.handler?.onBodyEnd(trailers);
  }
}
