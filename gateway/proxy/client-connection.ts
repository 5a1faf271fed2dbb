/** Owns a client's connection: its requests one after another, how long it may take, how it closes. */
import type { Socket } from 'node:net';
import type { Log } from '../../core/log.ts';
import { defaultLimits } from '../wire/http1/limits.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import { RequestParser } from '../wire/http1/request-parser.ts';
import { type ClientSide, Http1Exchange } from './http1-exchange.ts';
import { type BodySource, IncomingBody } from './incoming-body.ts';
import { addressOf, type Peer } from './peer.ts';
import type { GatewayProxy } from './proxy.ts';
import { requestOf } from './received-request.ts';
import type { Limited, Sweep } from './sweep.ts';
import { answerTo, connectRefused, tooSlow, type Unreadable } from './unreadable.ts';

/** How long a client that has closed its side is waited with for its answer: most have gone altogether. */
const halfClosedMs = 1_000;

/** How long octets that nobody wants are taken after the last answer, lest a reset overtakes it (RFC 9112 section 9.6). */
const lingerMs = 2_000;

/** What a connection stands on. */
export interface ClientGround {
  readonly proxy: GatewayProxy;
  readonly sweep: Sweep;
  readonly log: Log;
  isDraining(): boolean;
  /** Counts a request in flight. */
  track(work: Promise<void>): void;
  onClosed(connection: ClientConnection): void;
}

export class ClientConnection implements ClientSide, BodySource, Limited {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly #ground: ClientGround;
  readonly #parser: RequestParser;
  #exchange: Http1Exchange | undefined;
  /** Whether the request being answered has come to its end. */
  #isRequestWhole = false;
  /** What came behind it; the socket rests as long as there is any. */
  #behind: Buffer | undefined;
  #isParsing = false;
  #isHeadBegun = false;
  #isLingering = false;
  #isHalfClosed = false;
  #idleMs: number;
  #onIdle: (() => void) | undefined;
  dueAt: number;

  constructor(socket: Socket, ground: ClientGround) {
    const { maxHeadBytes, headMs } = ground.proxy.limits;
    this.socket = socket;
    this.#ground = ground;
    this.peer = { kind: 'client', address: addressOf(socket) };
    this.#parser = new RequestParser({
      ...defaultLimits,
      maxHeadBytes,
      maxStartLineBytes: Math.min(defaultLimits.maxStartLineBytes, maxHeadBytes),
    });
    this.#idleMs = headMs;
    this.dueAt = ground.sweep.in(headMs);
    ground.sweep.add(this);
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('drain', () => {
      this.onMoved();
      this.#exchange?.drained();
    });
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => ground.log.debug({ err: error }, 'client connection failed'));
    socket.on('close', () => {
      ground.sweep.delete(this);
      this.#exchange?.lost();
      ground.onClosed(this);
    });
  }

  /** Between requests, or before the first. */
  get isIdle(): boolean {
    return this.#exchange === undefined && !this.#isHeadBegun;
  }

  isLast(): boolean {
    return this.#isHalfClosed || this.#ground.isDraining();
  }

  limitIdle(ms: number, run: () => void): void {
    this.#idleMs = ms;
    this.#onIdle = run;
    this.onMoved();
  }

  onMoved(): void {
    if (this.#isLingering) return;
    if (this.#exchange === undefined) return;
    this.dueAt = this.#ground.sweep.in(this.#isHalfClosed ? halfClosedMs : this.#idleMs);
  }

  onWanted(): void {
    this.#exchange?.bodyWanted();
    if (this.#behind === undefined) this.socket.resume();
  }

  onUnwanted(): void {
    // What comes of it is dropped: the next request is behind it.
    if (this.#behind === undefined) this.socket.resume();
  }

  onDue(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (this.#isLingering) this.socket.destroy();
      else if (this.#isHeadBegun) this.#refuse(tooSlow);
      else this.#linger();
      return;
    }
    const onIdle = this.#isHalfClosed ? undefined : this.#onIdle;
    onIdle?.();
    if (onIdle === undefined || exchange.hasBegun) this.socket.destroy();
    // The answer that says so gets as long again.
    else this.onMoved();
  }

  onAnswered(closes: boolean): void {
    if (closes) this.#linger();
    else if (!this.#isRequestWhole) this.#exchange?.body?.resume();
    else if (!this.#isParsing) this.#next();
  }

  #receive(data: Buffer): void {
    if (this.#isLingering) return;
    this.onMoved();
    if (this.#exchange !== undefined && this.#isRequestWhole) this.#keep(data);
    else this.#parse(data);
  }

  /** Pipelined: nothing more is read until its turn has come, so this is all that is ever kept. */
  #keep(data: Buffer): void {
    this.#behind = this.#behind === undefined ? data : Buffer.concat([this.#behind, data]);
    this.socket.pause();
  }

  #parse(data: Buffer): void {
    const parser = this.#parser;
    this.#isParsing = true;
    let at = 0;
    while (!this.#isLingering && !this.socket.destroyed) {
      const start = at;
      const step = parser.step(data, start, data.length);
      at = parser.position;
      if (step.kind === 'more' || step.kind === 'closed') {
        if (this.#exchange === undefined && start < data.length) this.#headGoesOn();
        break;
      }
      if (step.kind === 'head') this.#begin(step);
      else if (step.kind === 'data') this.#take(data.subarray(step.start, step.end));
      else if (step.kind === 'end') {
        this.#isRequestWhole = true;
        this.#exchange?.body?.finish([]);
        if (this.#exchange?.isAnswered !== true) {
          if (at < data.length) this.#keep(data.subarray(at));
          break;
        }
        this.#rest();
      } else this.#refuse(step.kind === 'tunnel' ? connectRefused : unreadable(step));
    }
    this.#isParsing = false;
  }

  #headGoesOn(): void {
    if (this.#isHeadBegun) return;
    this.#isHeadBegun = true;
    this.dueAt = this.#ground.sweep.in(this.#ground.proxy.limits.headMs);
  }

  #begin(received: ReceivedHead): void {
    const request = requestOf(received);
    if (request.kind === 'refused') {
      this.#refuse(request.why);
      return;
    }
    const body = hasContent(received) ? new IncomingBody(this) : undefined;
    this.#isHeadBegun = false;
    this.#isRequestWhole = false;
    this.#idleMs = this.#ground.proxy.limits.headMs;
    this.#onIdle = undefined;
    const exchange = new Http1Exchange(this, received, request.head, body);
    this.#exchange = exchange;
    this.onMoved();
    this.#ground.track(this.#ground.proxy.handle(exchange));
  }

  #take(data: Buffer): void {
    if (this.#exchange?.body?.add(data) === false) this.socket.pause();
  }

  /** The request is answered, and whole: on to the one behind it. */
  #next(): void {
    this.#rest();
    const behind = this.#behind;
    this.#behind = undefined;
    this.socket.resume();
    if (behind !== undefined) this.#parse(behind);
    if (this.#isHalfClosed && this.#exchange === undefined) this.#linger();
  }

  #rest(): void {
    this.#exchange = undefined;
    this.dueAt = this.#ground.sweep.in(this.#ground.proxy.limits.keepAliveMs);
  }

  #refuse(why: Unreadable): void {
    this.#ground.proxy.recorder.refused(undefined, 'REQUEST_REFUSED');
    this.#ground.log.debug({ reason: why.what }, 'request unreadable');
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.lost();
    if (exchange?.hasBegun) {
      this.socket.destroy();
      return;
    }
    this.socket.write(answerTo(why), 'latin1');
    this.#linger();
  }

  #ended(): void {
    this.#isHalfClosed = true;
    if (this.#exchange === undefined) this.#linger();
    else if (!this.#isRequestWhole) this.socket.destroy();
    else this.onMoved();
  }

  #linger(): void {
    if (this.#isLingering) return;
    this.#isLingering = true;
    this.#behind = undefined;
    this.dueAt = this.#ground.sweep.in(lingerMs);
    this.socket.end();
    this.socket.resume();
  }
}

function hasContent({ framing }: ReceivedHead): boolean {
  return framing.kind === 'length' ? framing.bytes > 0 : framing.kind !== 'none';
}

function unreadable({ status, text }: { status: number; text: string }): Unreadable {
  return { status, what: text };
}
