/** Owns a client's HTTP/1.1 connection: its requests one after another, how long it may take, how it closes. */
import type { Socket } from 'node:net';
import { defaultLimits } from '../wire/http1/limits.ts';
import type { RequestHead as ReceivedHead } from '../wire/http1/request-head.ts';
import { RequestParser } from '../wire/http1/request-parser.ts';
import type { ClientGround, ClientIdentity, ClientSide } from './client-ground.ts';
import { type ClientSocket, Http1Exchange } from './http1-exchange.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Intake, Reader } from './intake.ts';
import type { Fields } from './message.ts';
import { OutgoingBody } from './outgoing-body.ts';
import type { Peer } from './peer.ts';
import { matchPreface } from './preface.ts';
import { type ReceivedRequest, requestOf } from './received-request.ts';
import { SocketWriter } from './socket-writer.ts';
import { Timed } from './sweep.ts';
import { answerTo, tooSlow, type Unreadable } from './unreadable.ts';

/** How long a client that has closed its side is waited with for its answer: most have gone altogether. */
const halfClosedMs = 1_000;

/** How long octets that nobody wants are taken after the last answer, lest a reset overtakes it (RFC 9112 section 9.6). */
const lingerMs = 2_000;

type State =
  /** Nothing has come yet: it may turn out to speak HTTP/2. */
  | 'fresh'
  | 'serving'
  /** What comes and goes belongs to a tunnel. */
  | 'tunnel'
  /** The last answer is given; what still comes is dropped. */
  | 'lingering'
  /** Closed, or somebody else's. */
  | 'done';

const nothing: Buffer = Buffer.alloc(0);

export class ClientConnection extends Timed implements ClientSide, ClientSocket, Reader {
  readonly socket: Socket;
  readonly writer: SocketWriter;
  readonly outgoing: OutgoingBody;
  readonly peer: Peer;
  readonly #who: ClientIdentity;
  readonly #intake: Intake;
  readonly #ground: ClientGround;
  readonly #parser: RequestParser;
  #state: State = 'fresh';
  /** The last head. */
  #received: ReceivedHead | undefined;
  #request: ReceivedRequest | undefined;
  #exchange: Http1Exchange | undefined;
  /** Whether the request under way has come to its end. */
  #isRequestWhole = false;
  /** Whether its body waits to be asked for. */
  #isHeld = false;
  /** What was read and not parsed; the socket rests as long as there is any. */
  #behind: Buffer = nothing;
  #isParsing = false;
  #isHeadBegun = false;
  #isHalfClosed = false;

  constructor(intake: Intake, ground: ClientGround, who: ClientIdentity) {
    super();
    const { maxHeadBytes, headMs } = ground.limits;
    this.#intake = intake;
    this.socket = intake.socket;
    this.writer = new SocketWriter(intake.socket);
    this.outgoing = new OutgoingBody(this.writer);
    this.#ground = ground;
    this.#who = who;
    this.peer = who.peer;
    // Over TLS the protocol was agreed on by ALPN (RFC 9113 section 3.2).
    if (who.scheme === 'https') this.#state = 'serving';
    this.#parser = new RequestParser({
      ...defaultLimits,
      maxHeadBytes,
      maxStartLineBytes: Math.min(defaultLimits.maxStartLineBytes, maxHeadBytes),
    });
    intake.reader = this;
    ground.connections.add(this);
    ground.sweep.refresh();
    ground.sweep.in(this, headMs);
    intake.socket.on('drain', this.#onDrain);
    intake.socket.on('end', this.#onEnd);
    intake.socket.on('finish', this.#onFinish);
    intake.socket.on('error', this.#onError);
    intake.socket.on('close', this.#onClose);
  }

  get isIdle(): boolean {
    return this.#exchange === undefined && !this.#isHeadBegun;
  }

  drain(): void {
    if (this.isIdle) this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  cut(): void {
    this.socket.destroy();
    this.#over();
  }

  isLast(): boolean {
    return this.#isHalfClosed || this.#ground.isDraining();
  }

  onMoved(): void {
    if (this.#isHalfClosed) this.#ground.sweep.in(this, halfClosedMs);
  }

  onRead(buffer: Buffer, end: number): boolean {
    switch (this.#state) {
      case 'fresh':
        return this.#begins(buffer, end);
      case 'serving':
        return this.#parse(buffer, end);
      case 'tunnel':
        return this.#pass(buffer.subarray(0, end));
      default:
        return true;
    }
  }

  readOn(): void {
    this.#isHeld = false;
    if (this.#isParsing) return;
    if (this.#state === 'tunnel') {
      const behind = this.#takeBehind();
      if (behind.length > 0 && !this.#pass(behind)) return;
    } else if (!this.#isRequestWhole) this.#parse(nothing, 0);
    this.#resume();
  }

  onTunnel(): void {
    this.#state = 'tunnel';
    this.#isHeld = true;
    this.#isRequestWhole = false;
  }

  onAnswered(closes: boolean): void {
    this.#isHeld = false;
    if (closes) this.#linger();
    else if (this.#isRequestWhole) this.#next();
    else {
      // Its next request is behind the rest of this one's body.
      this.#waitWith(this.#ground.limits.headMs);
      if (!this.#isParsing) this.#parse(nothing, 0);
      this.#resume();
    }
  }

  onDue(): void {
    const { sweep, limits } = this.#ground;
    if (this.#state === 'lingering' || this.#isHalfClosed) this.socket.destroy();
    else if (this.#exchange === undefined) {
      if (this.#isHeadBegun) this.#refuse(tooSlow);
      else this.#linger();
    } else if (this.#exchange.isOver) this.socket.destroy();
    // How long it may take is the data path's to say.
    else sweep.in(this, limits.keepAliveMs);
  }

  /** The first octets: HTTP/2 begins with some that no request of HTTP/1.1 begins with. */
  #begins(buffer: Buffer, end: number): boolean {
    const octets = this.#withBehind(buffer, end);
    const match = matchPreface(octets);
    if (match === 'part') {
      this.#behind = copyOf(octets);
      this.#headGoesOn();
      return true;
    }
    if (match === 'whole') {
      this.#handOver(copyOf(octets));
      return true;
    }
    this.#state = 'serving';
    return this.#parse(octets, octets.length);
  }

  #handOver(octets: Buffer): void {
    const { socket } = this;
    this.#state = 'done';
    this.#ground.sweep.cancel(this);
    this.#ground.connections.delete(this);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('finish', this.#onFinish);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    new Http2Connection(this.#intake, this.#ground, {
      ...this.#who,
      kind: 'client',
      behind: octets,
    });
  }

  /** Reads what was kept, then `buffer`. False: no more, for now. */
  #parse(buffer: Buffer, end: number): boolean {
    if (this.#exchange?.isOver) this.#waitWith(this.#ground.limits.headMs);
    const input = this.#behind.length === 0 ? buffer : this.#withBehind(buffer, end);
    const length = input === buffer ? end : input.length;
    this.#isParsing = true;
    const at = this.#steps(input, length);
    this.#isParsing = false;
    if (at < length && this.#state !== 'lingering' && this.#state !== 'done') {
      this.#behind = copyOf(input.subarray(at, length));
      this.socket.pause();
      return false;
    }
    return true;
  }

  /** How far it came. */
  #steps(input: Buffer, length: number): number {
    const parser = this.#parser;
    let at = 0;
    while (this.#state === 'serving' && !this.#isHeld) {
      if (this.#exchange !== undefined && this.#isRequestWhole) {
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
          this.#isRequestWhole = true;
          this.#bodyEnded(step.trailers.list());
          break;
        case 'tunnel':
        case 'closed':
          this.#isRequestWhole = true;
          return this.#exchange === undefined ? length : at;
        case 'more':
          if (this.#exchange === undefined && start < length) this.#headGoesOn();
          return at;
        case 'refused':
          this.#refuse({ status: step.status, what: step.text });
          return length;
      }
    }
    return at;
  }

  #bodyEnded(trailers: Fields): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { bodyLength, tunnel } = exchange.head;
    if (bodyLength !== 'none' && tunnel === undefined) exchange.handler?.onBodyEnd(trailers);
  }

  #headGoesOn(): void {
    if (this.#isHeadBegun) return;
    this.#isHeadBegun = true;
    this.#waitWith(this.#ground.limits.headMs);
  }

  #begin(received: ReceivedHead): void {
    const request = this.#requestOf(received);
    if (request.kind === 'refused') {
      this.#refuse(request.why);
      return;
    }
    const { head } = request;
    this.#isHeadBegun = false;
    this.#isRequestWhole = false;
    this.#isHeld = head.bodyLength !== 'none' && head.tunnel === undefined;
    this.#exchange = new Http1Exchange(this, received, head);
    this.#ground.inFlight.began();
    this.#exchange.begin(this.#ground.taker);
  }

  /** The parser gives the same head again where the client repeats itself. */
  #requestOf(received: ReceivedHead): ReceivedRequest {
    if (this.#received !== received || this.#request === undefined) {
      this.#received = received;
      this.#request = requestOf(received, this.#who.scheme);
    }
    return this.#request;
  }

  #pass(octets: Buffer): boolean {
    if (this.#exchange === undefined) return true;
    if (this.#isHeld) {
      this.#behind = Buffer.concat([this.#behind, octets]);
      this.socket.pause();
      return false;
    }
    if (this.#exchange.handler?.onBody(octets) !== false) return true;
    this.#isHeld = true;
    this.socket.pause();
    return false;
  }

  /** The request is answered, and whole: on to the one behind it. */
  #next(): void {
    if (this.#isParsing) return;
    this.#rest();
    if (this.#behind.length > 0) this.#parse(nothing, 0);
    this.#resume();
    if (this.#isHalfClosed && this.#exchange === undefined) this.#linger();
  }

  #rest(): void {
    this.#over();
    this.#waitWith(this.#ground.limits.keepAliveMs);
  }

  #over(): void {
    if (this.#exchange === undefined) return;
    this.#exchange = undefined;
    this.#ground.inFlight.ended();
  }

  #refuse(why: Unreadable): void {
    this.#ground.recorder.refused(undefined, 'REQUEST_REFUSED');
    this.#ground.log.debug({ reason: why.what }, 'request unreadable');
    const exchange = this.#exchange;
    const hasBegun = exchange?.hasBegun === true;
    this.#over();
    exchange?.lost();
    if (hasBegun) {
      this.socket.destroy();
      return;
    }
    this.writer.last(answerTo(why));
    this.#linger();
  }

  #linger(): void {
    if (this.#state === 'lingering' || this.#state === 'done') return;
    this.#state = 'lingering';
    this.#over();
    this.#behind = nothing;
    this.#waitWith(lingerMs);
    this.writer.flush();
    this.socket.end();
    this.socket.resume();
  }

  #waitWith(ms: number): void {
    this.#ground.sweep.in(this, ms);
  }

  #resume(): void {
    if (!this.#isHeld && this.#behind.length === 0) this.socket.resume();
  }

  #takeBehind(): Buffer {
    const behind = this.#behind;
    this.#behind = nothing;
    return behind;
  }

  #withBehind(buffer: Buffer, end: number): Buffer {
    const behind = this.#takeBehind();
    const octets = buffer.subarray(0, end);
    return behind.length === 0 ? octets : Buffer.concat([behind, octets]);
  }

  readonly #onDrain = (): void => {
    this.onMoved();
    this.#exchange?.drained();
  };

  /** The client sends no more. */
  readonly #onEnd = (): void => {
    if (this.#state === 'tunnel') {
      this.#isRequestWhole = true;
      this.#exchange?.handler?.onBodyEnd([]);
      this.#exchange?.tunnelMoved();
      return;
    }
    this.#isHalfClosed = true;
    if (this.#exchange === undefined) this.#linger();
    else if (this.#isRequestWhole) this.onMoved();
    else this.socket.destroy();
  };

  readonly #onFinish = (): void => {
    this.#exchange?.tunnelMoved();
  };

  readonly #onError = (error: Error): void => {
    this.#ground.log.debug({ err: error }, 'client connection failed');
  };

  readonly #onClose = (): void => {
    this.#state = 'done';
    this.#ground.sweep.cancel(this);
    this.#ground.connections.delete(this);
    this.#exchange?.lost();
    this.#over();
  };
}

function copyOf(octets: Buffer): Buffer {
  return Buffer.from(octets);
}
