/** Owns a client's HTTP/1.1 connection: its requests one after another, how long it may take, how it closes. */
import type { Socket } from 'node:net';
import { Behind, nothing } from './behind.ts';
import type { ClientGround, ClientIdentity, ClientSide } from './client-ground.ts';
import { ClientRequests, type RequestsHome } from './client-requests.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Intake, Reader } from './intake.ts';
import { OutgoingBody } from './outgoing-body.ts';
import type { Peer } from './peer.ts';
import { matchPreface } from './preface.ts';
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

export class ClientConnection extends Timed implements ClientSide, RequestsHome, Reader {
  place = -1;
  readonly socket: Socket;
  readonly writer: SocketWriter;
  readonly outgoing: OutgoingBody;
  readonly peer: Peer;
  readonly #who: ClientIdentity;
  readonly #intake: Intake;
  readonly #ground: ClientGround;
  readonly #requests: ClientRequests;
  /** What was read and not parsed; the socket rests as long as there is any. */
  readonly #behind = new Behind();
  #state: State = 'fresh';
  #isParsing = false;
  #isHalfClosed = false;

  constructor(intake: Intake, ground: ClientGround, who: ClientIdentity) {
    super();
    this.#intake = intake;
    this.socket = intake.socket;
    this.writer = new SocketWriter(intake.socket);
    this.outgoing = new OutgoingBody(this.writer);
    this.#ground = ground;
    this.#who = who;
    this.peer = who.peer;
    // Over TLS the protocol was agreed on by ALPN (RFC 9113 section 3.2).
    if (who.scheme === 'https') this.#state = 'serving';
    this.#requests = new ClientRequests(this, ground, who.scheme);
    intake.reader = this;
    ground.connections.add(this);
    ground.sweep.refresh();
    ground.sweep.in(this, ground.limits.headMs);
    for (const [event, listener] of this.#listeners) intake.socket.on(event, listener);
  }

  get isIdle(): boolean {
    return this.#requests.exchange === undefined && !this.#requests.isHeadBegun;
  }

  get isServing(): boolean {
    return this.#state === 'serving';
  }

  drain(): void {
    if (this.isIdle) this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  cut(): void {
    this.socket.destroy();
    this.#requests.over();
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
    const requests = this.#requests;
    requests.isHeld = false;
    if (this.#isParsing) return;
    if (this.#state === 'tunnel') {
      const behind = this.#behind.take();
      if (behind.length > 0 && !this.#pass(behind)) return;
    } else if (!requests.isWhole) this.#parse(nothing, 0);
    this.#resume();
  }

  onTunnel(): void {
    this.#state = 'tunnel';
    this.#requests.isHeld = true;
    this.#requests.isWhole = false;
  }

  onAnswered(closes: boolean): void {
    this.#requests.isHeld = false;
    if (closes) this.#linger();
    else if (this.#requests.isWhole) this.#next();
    else {
      // Its next request is behind the rest of this one's body.
      this.#ground.sweep.in(this, this.#ground.limits.headMs);
      if (!this.#isParsing) this.#parse(nothing, 0);
      this.#resume();
    }
  }

  onHeadBegun(): void {
    this.#ground.sweep.in(this, this.#ground.limits.headMs);
  }

  onRest(): void {
    this.#requests.over();
    this.#ground.sweep.in(this, this.#ground.limits.keepAliveMs);
  }

  onUnreadable(why: Unreadable): void {
    const { exchange } = this.#requests;
    const hasBegun = exchange?.hasBegun === true;
    this.#ground.unreadable(this.peer, '1.1', why, !hasBegun);
    this.#requests.over();
    exchange?.refused();
    if (hasBegun) {
      this.socket.destroy();
      return;
    }
    this.writer.last(answerTo(why));
    this.#linger();
  }

  onDue(): void {
    const { sweep, limits } = this.#ground;
    const { exchange, isHeadBegun } = this.#requests;
    if (this.#state === 'lingering' || this.#isHalfClosed) this.socket.destroy();
    else if (exchange === undefined) {
      if (isHeadBegun) this.onUnreadable(tooSlow);
      else this.#linger();
    } else if (exchange.isOver) this.socket.destroy();
    // How long it may take is the data path's to say.
    else sweep.in(this, limits.keepAliveMs);
  }

  /** The first octets: HTTP/2 begins with some that no request of HTTP/1.1 begins with. */
  #begins(buffer: Buffer, end: number): boolean {
    const octets = this.#behind.takeWith(buffer, end);
    const match = matchPreface(octets);
    if (match === 'part') {
      this.#behind.keep(octets);
      this.#requests.headGoesOn();
      return true;
    }
    if (match === 'whole') {
      this.#handOver(Buffer.from(octets));
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
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    new Http2Connection(this.#intake, this.#ground, {
      ...this.#who,
      kind: 'client',
      behind: octets,
    });
  }

  /** Reads what was kept, then `buffer`. False: no more, for now. */
  #parse(buffer: Buffer, end: number): boolean {
    if (this.#requests.exchange?.isOver) this.#ground.sweep.in(this, this.#ground.limits.headMs);
    const input = this.#behind.isEmpty ? buffer : this.#behind.takeWith(buffer, end);
    const length = input === buffer ? end : input.length;
    this.#isParsing = true;
    const at = this.#requests.read(input, length);
    this.#isParsing = false;
    if (at < length && this.#state !== 'lingering' && this.#state !== 'done') {
      this.#behind.keep(input.subarray(at, length));
      this.socket.pause();
      return false;
    }
    return true;
  }

  #pass(octets: Buffer): boolean {
    const requests = this.#requests;
    if (requests.exchange === undefined) return true;
    if (requests.isHeld) {
      this.#behind.add(octets);
      this.socket.pause();
      return false;
    }
    if (requests.exchange.handler?.onBody(octets) !== false) return true;
    requests.isHeld = true;
    this.socket.pause();
    return false;
  }

  /** The request is answered, and whole: on to the one behind it. */
  #next(): void {
    if (this.#isParsing) return;
    this.onRest();
    if (!this.#behind.isEmpty) this.#parse(nothing, 0);
    this.#resume();
    if (this.#isHalfClosed && this.#requests.exchange === undefined) this.#linger();
  }

  #linger(): void {
    if (this.#state === 'lingering' || this.#state === 'done') return;
    this.#state = 'lingering';
    this.#requests.over();
    this.#behind.take();
    this.#ground.sweep.in(this, lingerMs);
    this.writer.flush();
    this.socket.end();
    this.socket.resume();
  }

  #resume(): void {
    if (!this.#requests.isHeld && this.#behind.isEmpty) this.socket.resume();
  }

  readonly #onDrain = (): void => {
    this.onMoved();
    this.#requests.exchange?.drained();
  };

  /** The client sends no more. */
  readonly #onEnd = (): void => {
    if (this.#state === 'tunnel') {
      this.#requests.isWhole = true;
      this.#requests.exchange?.handler?.onBodyEnd([]);
      this.#requests.exchange?.tunnelMoved();
      return;
    }
    this.#isHalfClosed = true;
    if (this.#requests.exchange === undefined) this.#linger();
    else if (this.#requests.isWhole) this.onMoved();
    else this.socket.destroy();
  };

  readonly #onFinish = (): void => {
    this.#requests.exchange?.tunnelMoved();
  };

  readonly #onError = (error: Error): void => {
    this.#ground.log.debug({ err: error }, 'client connection failed');
  };

  readonly #onClose = (): void => {
    this.#state = 'done';
    this.#ground.sweep.cancel(this);
    this.#ground.connections.delete(this);
    this.#requests.exchange?.lost();
    this.#requests.over();
  };

  readonly #listeners = [
    ['drain', this.#onDrain],
    ['end', this.#onEnd],
    ['finish', this.#onFinish],
    ['error', this.#onError],
    ['close', this.#onClose],
  ] as const;
}
