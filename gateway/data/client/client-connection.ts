/** Owns the life of a client's connection: which HTTP it begins with, how long it may take, how it closes. */
import type { Socket } from 'node:net';
import { Timed } from '../../../core/timing-wheel.ts';
import { OutgoingBody } from '../message/outgoing-body.ts';
import type { Peer } from '../message/peer.ts';
import { matchPreface } from '../message/preface.ts';
import { answerTo, tooSlow, type Unreadable } from '../request/respond/unreadable.ts';
import { nothing } from '../socket/behind.ts';
import type { Intake, Reader } from '../socket/intake.ts';
import { SocketWriter } from '../socket/socket-writer.ts';
import type { ClientGround, ClientIdentity, ClientSide } from './client-ground.ts';
import { ClientRequests, type RequestsHome } from './client-requests.ts';
import { Http2Connection } from './http2-connection.ts';

/**
 * How a client that has closed its side is looked after while it waits for its answer, in milliseconds: the rest after which the
 * kernel asks it whether it is there (one that has gone altogether says no once its own kernel has forgotten the connection,
 * most after a minute), and how often we ask the kernel.
 */
const halfClosedRestMs = 10_000;
const halfClosedLookMs = 1_000;

/** How long octets that nobody wants are taken after the last answer, lest a reset overtakes it (RFC 9112 section 9.6). */
const lingerMs = 2_000;

type State =
  /** No octet has come yet: the client may turn out to speak HTTP/2. */
  | 'fresh'
  /** Requests are read, or octets of a tunnel. */
  | 'open'
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
  /** While `fresh`: the octets that have come. */
  #first = nothing;
  #state: State = 'fresh';
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
    if (who.scheme === 'https') this.#state = 'open';
    this.#requests = new ClientRequests(this, ground, who.scheme);
    intake.reader = this;
    ground.connections.add(this);
    ground.wheel.refresh();
    ground.wheel.in(this, ground.limits.headMs);
    for (const [event, handler] of this.#handlers) intake.socket.on(event, handler);
  }

  get isIdle(): boolean {
    return this.#requests.exchange === undefined && !this.#requests.isHeadBegun;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
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

  onRead(buffer: Buffer, end: number): boolean {
    if (this.#state === 'open') return this.#requests.take(buffer, end);
    return this.#state === 'fresh' ? this.#begins(buffer, end) : true;
  }

  readOn(): void {
    this.#requests.readOn();
  }

  onTunnel(): void {
    this.#requests.tunnel();
  }

  onAnswered(closes: boolean): void {
    if (closes) this.#linger();
    else {
      this.#requests.answered();
      if (this.#isHalfClosed && this.#requests.exchange === undefined) this.#linger();
    }
  }

  awaitHead(): void {
    this.#ground.wheel.in(this, this.#ground.limits.headMs);
  }

  onRest(): void {
    this.#ground.wheel.in(this, this.#ground.limits.keepAliveMs);
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
    const { wheel, limits } = this.#ground;
    const { exchange, isHeadBegun } = this.#requests;
    if (this.#state === 'lingering') this.socket.destroy();
    else if (exchange === undefined) {
      if (isHeadBegun) this.onUnreadable(tooSlow);
      else this.#linger();
    } else if (exchange.isOver) this.socket.destroy();
    // How long it may take is the data path's to say.
    else if (this.#isHalfClosed) this.#look();
    else wheel.in(this, limits.keepAliveMs);
  }

  /** A socket whose end was read learns of a reset only by writing: where nothing else is on its way, an empty string is written. */
  #look(): void {
    if (this.writer.isEmpty) this.socket.write('');
    this.#ground.wheel.in(this, halfClosedLookMs);
  }

  /** The first octets: HTTP/2 begins with some that no request of HTTP/1.1 begins with. */
  #begins(buffer: Buffer, end: number): boolean {
    const read = buffer.subarray(0, end);
    const octets = this.#first.length === 0 ? read : Buffer.concat([this.#first, read]);
    const match = matchPreface(octets);
    if (match === 'part') {
      this.#first = Buffer.from(octets);
      this.#requests.headGoesOn();
      return true;
    }
    if (match === 'whole') {
      this.#handOver(Buffer.from(octets));
      return true;
    }
    this.#first = nothing;
    this.#state = 'open';
    return this.#requests.take(octets, octets.length);
  }

  #handOver(octets: Buffer): void {
    const { socket } = this;
    this.#state = 'done';
    this.#ground.wheel.cancel(this);
    this.#ground.connections.delete(this);
    for (const [event, handler] of this.#handlers) socket.off(event, handler);
    new Http2Connection(this.#intake, this.#ground, {
      ...this.#who,
      kind: 'client',
      behind: octets,
    });
  }

  #linger(): void {
    if (this.#state === 'lingering' || this.#state === 'done') return;
    this.#state = 'lingering';
    this.#requests.leave();
    this.#ground.wheel.in(this, lingerMs);
    this.writer.flush();
    this.socket.end();
    this.socket.resume();
  }

  readonly #onDrain = (): void => {
    this.#requests.exchange?.drained();
  };

  /** The client sends no more, which says nothing of the answer: a FIN delimits no request (RFC 9112 section 6.3). */
  readonly #onEnd = (): void => {
    if (this.#requests.isTunnel) {
      this.#requests.tunnelEnded();
      return;
    }
    this.#isHalfClosed = true;
    const { exchange, isReceived } = this.#requests;
    if (exchange === undefined) this.#linger();
    else if (isReceived && (exchange.isAnswered || !this.#ground.limits.cancelHalfClosed)) {
      this.socket.setKeepAlive(true, halfClosedRestMs);
      this.#ground.wheel.in(this, halfClosedLookMs);
    } else this.socket.destroy();
  };

  readonly #onFinish = (): void => {
    this.#requests.exchange?.tunnelMoved();
  };

  readonly #onError = (error: Error): void => {
    this.#ground.log.debug({ err: error }, 'client connection failed');
  };

  readonly #onClose = (): void => {
    this.#state = 'done';
    this.#ground.wheel.cancel(this);
    this.#ground.connections.delete(this);
    this.#requests.exchange?.lost();
    this.#requests.over();
  };

  readonly #handlers = [
    ['drain', this.#onDrain],
    ['end', this.#onEnd],
    ['finish', this.#onFinish],
    ['error', this.#onError],
    ['close', this.#onClose],
  ] as const;
}
