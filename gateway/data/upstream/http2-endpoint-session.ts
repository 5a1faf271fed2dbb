/** Owns one HTTP/2 connection to an endpoint, by prior knowledge (RFC 9113 section 3.3), which carries calls before it is there, or over TLS. */
import type { Socket } from 'node:net';
import type { CallHandler } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { Http2Socket } from '../socket/http2-socket.ts';
import type { Reader } from '../socket/intake.ts';
import { SharedReads } from '../socket/shared-reads.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import type { ConnectionEnd, ConnectionHandler } from '../wire/http2/api.ts';
import { Http2Client } from '../wire/http2/client.ts';
import { type ConnectionOptions, strangerOptions } from '../wire/http2/options.ts';
import { type Dialed, dialEndpoint, isOfTls, onceOpen } from './endpoint-socket.ts';
import { tlsFailure } from './failed-call.ts';
import type { HeldCall } from './held-call.ts';
import { type CallGround, Http2Call } from './http2-call.ts';

/** Endpoints are our own cluster's: near, and trusted with larger windows than clients. */
const endpointOptions: ConnectionOptions = {
  ...strangerOptions,
  streamWindow: 262_144,
  connectionWindow: 1 << 24,
  huffman: false,
  brokenStreams: { burst: 4_096, perSecond: 1_024 },
  idleFrames: { burst: 16_384, perSecond: 4_096 },
};

interface EndpointPlace extends Dialed {
  /** For messages. */
  readonly address: string;
  /** Limits on heads of responses. */
  readonly heads: HeadLimits;
}

export class Http2EndpointSession implements ConnectionHandler, CallGround, Reader {
  readonly client: Http2Client;
  readonly who: string;
  readonly #socket: Socket;
  readonly #http2: Http2Socket;
  readonly #reads: SharedReads;
  /** Until its SETTINGS have come. */
  #held: HeldCall[] | undefined = [];
  readonly #onEnd: (session: Http2EndpointSession) => void;
  #cancelConnectTimer: (() => void) | undefined;
  isConnected = false;
  /** By what other connections were told. */
  #isLimitKnown = false;
  #isLeaving = false;
  readonly #isSecure: boolean;
  /** Why there was no TLS. */
  #tlsProblem: string | undefined;
  /** By monotonic time: when a call was last made on it, or seen under way. */
  usedAt: number;

  /**
   * Connects, at most for `connectMs` (0 = as long as it takes), and waits for the endpoint's SETTINGS as long.
   * `onEnd` is called once.
   */
  constructor(
    place: EndpointPlace,
    connectMs: number,
    onEnd: (session: Http2EndpointSession) => void,
  ) {
    const { address, clock, heads, tls } = place;
    const { maxHeadBytes, maxFields } = heads;
    this.who = address;
    this.#onEnd = onEnd;
    this.usedAt = clock.monotonic();
    const reads = new SharedReads();
    this.#reads = reads;
    this.#isSecure = tls !== undefined;
    const { onread } = reads;
    this.#socket = dialEndpoint(place, connectMs, { alpn: 'h2', allowHalfOpen: false, onread });
    this.#socket.on('error', (error) => {
      if (isOfTls(error)) this.#tlsProblem = error.message;
    });
    this.#http2 = new Http2Socket(this.#socket, clock);
    this.client = new Http2Client(
      this,
      this.#http2.context({ ...endpointOptions, maxHeadBytes, maxFields }),
    );
    if (connectMs > 0) {
      this.#cancelConnectTimer = clock.after(connectMs, () => {
        if (this.isConnected)
          this.#giveUpHeld(`${address} sent no SETTINGS within ${connectMs} ms`);
      });
    }
    onceOpen(this.#socket, () => {
      this.isConnected = true;
      // Kernels notice who has vanished without a word.
      this.#socket.setKeepAlive(true, keepAliveMs);
    });
    this.#http2.carry(this.client);
    reads.to(this);
  }

  /**
   * Whether a call must not be made yet. As long as nobody knows how many the endpoint takes at a time, only one is
   * made: it would refuse those beyond, of which some could not be sent again. Nor does anybody know until then
   * whether it takes extended CONNECT, nor before there is a connection, whether anybody takes a body.
   */
  holds({ tunnel, bodyLength }: OutgoingRequest): boolean {
    if (this.#held === undefined) return false;
    // An endpoint that refuses our certificate does so after it could be sent a request, and before its SETTINGS.
    if (this.#isSecure) return true;
    if (!this.isConnected && bodyLength !== 'none') return true;
    return tunnel?.kind === 'upgrade' || (!this.#isLimitKnown && this.client.openStreams > 0);
  }

  /** Whether calls wait for it. */
  get isAwaited(): boolean {
    return this.#held !== undefined && this.#held.length > 0;
  }

  /** Whether its SETTINGS have come. */
  get isSettled(): boolean {
    return this.#held === undefined;
  }

  /** Has a call wait until more is known. */
  hold(call: HeldCall): void {
    this.#held?.push(call);
  }

  /** Takes the endpoint to allow `streams` until it says how many. */
  assumeAllowed(streams: number): void {
    this.client.assumeAllowed(streams);
    this.#isLimitKnown = true;
  }

  /** Reads here only until SETTINGS have come. */
  onRead(buffer: Buffer, end: number): boolean {
    const goesOn = this.#http2.onRead(buffer, end);
    if (this.client.allowedStreams !== undefined) {
      this.#cancelConnectTimer?.();
      this.#reads.to(this.#http2);
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const call of held) call.release();
    }
    return goesOn;
  }

  /** Whether it takes one more call. */
  get hasRoom(): boolean {
    return !this.#isLeaving && this.client.hasRoom;
  }

  call(request: OutgoingRequest, handler: CallHandler): Http2Call {
    return new Http2Call(this, request, handler);
  }

  /** Takes no new calls; ends with those under way. A connection that is not there yet has nobody to tell. */
  drain(): void {
    if (this.isConnected) this.client.drain();
    else this.destroy();
  }

  destroy(): void {
    this.client.lost('the connection was closed');
  }

  onOutput(): void {
    this.#http2.onOutput();
  }

  onGoaway(): void {
    this.#isLeaving = true;
  }

  onEnd(end: ConnectionEnd): void {
    this.#isLeaving = true;
    this.#cancelConnectTimer?.();
    this.#http2.onEnd(end);
    this.#onEnd(this);
    this.#giveUpHeld(`${this.who} was lost: ${end.kind === 'drained' ? 'it has ended' : end.what}`);
  }

  #giveUpHeld(what: string): void {
    this.#isLeaving = true;
    const problem = this.#tlsProblem;
    const said = problem === undefined ? undefined : tlsFailure(this.who, problem);
    for (const call of this.#held?.splice(0) ?? []) call.fail(said?.what ?? what, said?.code);
  }
}

/** Rest before the kernel asks whether the endpoint is there, in milliseconds. */
const keepAliveMs = 15_000;
