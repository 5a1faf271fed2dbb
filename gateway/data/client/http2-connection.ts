/** Owns an HTTP/2 connection whose requests we answer, from a client or another gateway: how long it may take, how it ends. */

import { Timed } from '../../../core/timing-wheel.ts';
import { type Peer, sourceOf } from '../message/peer.ts';
import { normalPath } from '../request/normalize.ts';
import { problemOf, type Unreadable, unclearPath } from '../request/respond/unreadable.ts';
import { Flight } from '../socket/flight.ts';
import { Http2Socket } from '../socket/http2-socket.ts';
import type { Intake, Reader } from '../socket/intake.ts';
import { isContinue } from '../wire/http1/expectation.ts';
import { fieldId } from '../wire/http1/field-names.ts';
import { defaultLimits } from '../wire/http1/limits.ts';
import { refusals } from '../wire/http1/refusal.ts';
import type {
  ConnectionEnd,
  Http2Stream,
  ReceivedRequest,
  ServerHandler,
  StreamHandler,
} from '../wire/http2/api.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import { Http2Server } from '../wire/http2/server.ts';
import type { UnreadableStatus } from '../wire/http2/unreadable.ts';
import type { ClientGround, ClientIdentity, ClientSide } from './client-ground.ts';
import { type ExchangeHome, Http2Exchange, requestOf } from './http2-exchange.ts';
import { type ConnectionTerms, clientTerms, gatewayTerms } from './http2-terms.ts';
import { UnfinishedUploads } from './unfinished-uploads.ts';

/** Who is on the other side of a connection, and the octets that were read of it already. */
interface Http2Origin extends ClientIdentity {
  /** Whose limits and times hold for it. */
  readonly kind: 'client' | 'gateway';
  readonly behind?: Buffer | undefined;
}

/** How often the times are looked at, in parts of the shortest. */
const looksPerTime = 4;

export class Http2Connection
  extends Timed
  implements ServerHandler, ClientSide, ExchangeHome, Reader
{
  place = -1;
  readonly peer: Peer;
  readonly #scheme: 'http' | 'https';
  readonly #intake: Intake;
  readonly #ground: ClientGround;
  readonly #terms: ConnectionTerms;
  readonly #socket: Http2Socket;
  readonly #server: Http2Server;
  readonly #unfinished: UnfinishedUploads;
  readonly #lookMs: number;
  /** Present for a link, whose other end may be far away. */
  readonly #flight: Flight | undefined;
  /** Since when a head has been under way; Infinity = none is. */
  #headSince: number;
  /** Since when no request has been. */
  #idleSince: number;
  /** Streams of requests that were answered here, and whose answers the client has not let come. */
  #refused = 0;
  #readAt: number;
  #isDraining = false;

  constructor(intake: Intake, ground: ClientGround, { peer, scheme, kind, behind }: Http2Origin) {
    super();
    const terms = kind === 'gateway' ? gatewayTerms(ground.limits) : clientTerms(ground.limits);
    this.peer = peer;
    this.#scheme = scheme;
    this.#intake = intake;
    this.#ground = ground;
    this.#terms = terms;
    const { headMs, idleMs, silentMs } = terms.times;
    this.#lookMs = Math.min(headMs, idleMs, silentMs) / looksPerTime;
    const now = ground.wheel.refresh();
    this.#headSince = now;
    this.#idleSince = now;
    this.#readAt = now;
    const { socket } = intake;
    this.#socket = new Http2Socket(socket, ground.clock);
    this.#server = new Http2Server(this, this.#socket.context(terms.options));
    this.#socket.carry(this.#server);
    this.#unfinished = new UnfinishedUploads(this.#server, ground.wheel);
    // Kernels notice who has vanished without a word.
    socket.setKeepAlive(true, keepAliveMs);
    socket.once('close', () => {
      ground.wheel.cancel(this);
      ground.wheel.cancel(this.#unfinished);
      ground.connections.delete(this);
    });
    this.#flight = kind === 'gateway' ? new Flight() : undefined;
    this.#measure();
    ground.connections.add(this);
    intake.reader = this;
    ground.wheel.in(this, this.#lookMs);
    if (ground.isDraining()) this.drain();
    if (behind !== undefined) this.onRead(behind, behind.length);
  }

  get isIdle(): boolean {
    return this.#server.openStreams === 0 && this.#headSince === Infinity;
  }

  /** The other side is to make another connection before it leaves this one. */
  warn(): void {
    this.#server.warn();
  }

  drain(): void {
    this.#isDraining = true;
    this.#server.drain();
  }

  /** Without requests, what it has to say still leaves. */
  destroy(): void {
    if (this.#server.openStreams === 0) {
      this.#socket.finish();
      return;
    }
    this.#server.lost('the listener was closed');
    this.#intake.socket.destroy();
  }

  onRead(buffer: Buffer, end: number): boolean {
    const goesOn = this.#socket.onRead(buffer, end);
    const { now } = this.#ground.wheel;
    this.#readAt = now;
    if (!this.#server.isMidHead) this.#headSince = Infinity;
    else if (this.#headSince === Infinity) this.#headSince = now;
    return goesOn;
  }

  onDue(): void {
    const { headMs, idleMs, silentMs } = this.#terms.times;
    const { wheel } = this.#ground;
    const { now } = wheel;
    if (now - this.#headSince >= headMs) {
      this.#server.fail(errorCode.enhanceYourCalm, 'a head took too long', 'slow-head');
    } else if (now - this.#readAt >= silentMs) {
      this.#server.lost(`nothing was received for ${silentMs} ms`);
    } else if (this.#server.openStreams === this.#refused && now - this.#idleSince >= idleMs) {
      // Whoever does not answer its GOAWAY is waited for no longer.
      if (this.#isDraining) this.destroy();
      else this.drain();
    }
    this.#measure();
    if (!this.#server.over) wheel.in(this, this.#lookMs);
  }

  onRequest(stream: Http2Stream, received: ReceivedRequest, ends: boolean): StreamHandler {
    const { inFlight, taker, limits } = this.#ground;
    const { method, path: target } = received;
    if (target.length > defaultLimits.maxStartLineBytes) {
      return this.#refuse(stream, method, { status: 414, what: 'The request target is too long' });
    }
    const path = target === '*' ? target : normalPath(target, limits.encodedSlashes);
    if (typeof path !== 'string') return this.#refuse(stream, method, unclearPath(path));
    const expectation = ends ? undefined : received.fields.getById(fieldId.expect);
    if (expectation !== undefined && !isContinue(expectation)) {
      const { status, text } = refusals['expectation-unknown'];
      return this.#refuse(stream, method, { status, what: text });
    }
    const scheme = this.#terms.saysScheme && received.scheme === 'https' ? 'https' : this.#scheme;
    const head = requestOf(received, path, ends, scheme, expectation !== undefined);
    const exchange = new Http2Exchange(this, head, stream);
    inFlight.began();
    exchange.begin(taker);
    return exchange;
  }

  /**
   * Other gateways are answered as well: a reset would be taken for a failure of this cluster, and a client could have it
   * ejected by what only one of the two codecs takes.
   */
  onUnreadable(
    stream: Http2Stream,
    status: UnreadableStatus,
    why: string,
    method: string,
  ): StreamHandler {
    return this.#refuse(stream, method, { status, what: sentenceOf(status, why) });
  }

  onBroken(status: UnreadableStatus, why: string): void {
    this.#ground.unreadable(this.peer, '2', { status, what: sentenceOf(status, why) }, false);
  }

  onExcess(): void {
    this.#ground.recorder.refused(undefined, 'TOO_MANY_STREAMS', sourceOf(this.peer));
  }

  onUnfinished(id: number): void {
    this.#unfinished.add(id);
  }

  onExchangeOver(): void {
    this.#idleSince = this.#ground.wheel.now;
    this.#ground.inFlight.ended();
  }

  onOutput(): void {
    this.#socket.onOutput();
  }

  onGoaway(code: number, debug: string): void {
    if (code === errorCode.noError) return;
    this.#ground.log.debug({ code, debug, peer: this.peer }, 'given up by the other side');
  }

  onEnd(end: ConnectionEnd): void {
    if (end.kind === 'failed') this.#failed(end);
    this.#socket.onEnd(end);
  }

  #failed(end: ConnectionEnd & { readonly kind: 'failed' }): void {
    const { peer } = this;
    const { recorder, log, sparseLog } = this.#ground;
    recorder.refusedConnection(end.cause, sourceOf(peer));
    const failed = 'HTTP/2 connection failed';
    if (peer.kind === 'gateway') sparseLog.warn({ ...end, peer }, failed);
    else log.debug({ ...end, peer }, failed);
  }

  /** Answers with a coded problem. What is left of the request is not read. */
  #refuse(stream: Http2Stream, method: string, why: Unreadable): StreamHandler {
    const { status } = why;
    this.#ground.unreadable(this.peer, '2', why, true);
    this.#refused++;
    const body = problemOf(why);
    const isHead = method === 'HEAD';
    stream.respond({ status, fields: problemFields, length: body.length }, isHead);
    if (!isHead) stream.write(body, true);
    return dropped(() => void this.#refused--);
  }

  /** How much may be on its way here goes by how long that is. */
  #measure(): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    const { clock } = this.#ground;
    const { socket } = this.#intake;
    const sentAt = clock.monotonic();
    this.#server.ping(() => {
      const now = clock.monotonic();
      this.#server.setWindow(flight.look(now - sentAt, socket.bytesRead, now));
    });
  }
}

/** Rest before the kernel asks whether the other side is there, in milliseconds. */
const keepAliveMs = 30_000;

const problemFields = ['content-type', 'application/problem+json'];

/** Handles the rest of a request that is answered: drops it. */
function dropped(onClosed: () => void): StreamHandler {
  return {
    onInterim() {},
    onResponse() {},
    onData: (stream, bytes) => stream.consume(bytes.length),
    onTrailers() {},
    onWritable() {},
    onClosed,
  };
}

function sentenceOf(status: UnreadableStatus, why: string): string {
  return status === 431
    ? 'The head or the trailers are too large'
    : `The request is malformed: ${why}`;
}
