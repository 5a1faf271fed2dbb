/** Owns one established connection to another gateway: requests as HTTP/2 streams, and its own liveness. */
import type { Clock } from '../../../core/clock.ts';
import type { Call, CallHandler } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { Flight } from '../socket/flight.ts';
import { Http2Socket } from '../socket/http2-socket.ts';
import type { Reader } from '../socket/intake.ts';
import { type CallGround, Http2Call } from '../upstream/http2-call.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import type { ConnectionEnd, ConnectionHandler } from '../wire/http2/api.ts';
import { Http2Client } from '../wire/http2/client.ts';
import { linkClientOptions } from '../wire/http2/options.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import type { Dialed } from './dial.ts';
import { Heartbeat } from './heartbeat.ts';

interface LinkSessionOptions {
  readonly dialed: Dialed;
  /** The gateway's address, for messages. */
  readonly address: string;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  /** Limits on heads of responses, without the fields that gateways add. */
  readonly heads: HeadLimits;
  /** Whether it is to look dead: then no PING is sent, and nothing counts as received. */
  isCut(): boolean;
  /** After each PING; the first says that the session is ready. */
  onRtt(rttMs: number): void;
  /** The session has become suspect, or is whole again. */
  onSuspicion(): void;
  /** It has been suspect for so long that requests whose answer has not begun had better go elsewhere. */
  onForsaken(): void;
  /** The other side will end it soon, and takes requests until then. */
  onWarning(): void;
  /** The other side asked to use it no more; what is under way may finish. */
  onGoingAway(): void;
  /** The session is over; called once. */
  onEnd(why: string): void;
}

/**
 * How good a session is for new requests, best first. `warned`: the other side will end it soon; `suspect`: silent for so long that it
 * may be dead.
 */
export const standings = ['whole', 'warned', 'suspect'] as const;
export type Standing = (typeof standings)[number];

export class LinkSession implements ConnectionHandler, CallGround, Reader {
  readonly #options: LinkSessionOptions;
  readonly who: string;
  readonly isConnected = true;
  readonly client: Http2Client;
  readonly #socket: Http2Socket;
  readonly #heartbeat: Heartbeat;
  #warned = false;
  #leaving = false;
  #why = 'the other side closed the connection';
  #cancelDrain: () => void = () => undefined;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    const { dialed, address, clock, pingIntervalMs, heads, isCut } = options;
    const { socket, reads } = dialed;
    this.who = `The gateway at ${address}`;
    this.#socket = new Http2Socket(socket, clock);
    this.client = new Http2Client(this, this.#socket.context(linkClientOptions(heads)));
    this.#socket.carry(this.client);
    const flight = new Flight();
    this.#heartbeat = new Heartbeat({
      clock,
      intervalMs: pingIntervalMs,
      ping: (answered) => {
        if (!isCut()) this.client.ping(answered);
      },
      received: () => (isCut() ? 0 : socket.bytesRead),
      onRtt: (rttMs, lastMs) => {
        this.client.setWindow(flight.look(lastMs, socket.bytesRead, clock.monotonic()));
        options.onRtt(rttMs);
      },
      onSuspicion: () => options.onSuspicion(),
      onForsaken: () => options.onForsaken(),
      onDead: (silentMs) => this.destroy(`no answer to a PING for ${Math.round(silentMs)} ms`),
    });
    reads.to(this);
  }

  onRead(buffer: Buffer, end: number): boolean {
    this.#heartbeat.heard();
    return this.#socket.onRead(buffer, end);
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#leaving && this.client.hasRoom;
  }

  /** Silent for so long that it may be dead: it is used only where there is no other way. */
  get isSuspect(): boolean {
    return this.#heartbeat.isSuspect;
  }

  /** The other side will end it soon. */
  get isWarned(): boolean {
    return this.#warned;
  }

  get standing(): Standing {
    if (this.isSuspect) return 'suspect';
    return this.#warned ? 'warned' : 'whole';
  }

  /** Another connection to the same place is suspect. */
  doubt(): void {
    this.#heartbeat.doubt();
  }

  /** Requests whose answer has not begun may go elsewhere. */
  offerOthers(): void {
    for (const handler of this.client.handlers()) {
      if (handler instanceof Http2Call) handler.doubted();
    }
  }

  get streams(): number {
    return this.client.openStreams;
  }

  get rttMs(): number | undefined {
    return this.#heartbeat.rttMs;
  }

  get sentBytes(): number {
    return this.#options.dialed.socket.bytesWritten;
  }

  get receivedBytes(): number {
    return this.#options.dialed.socket.bytesRead;
  }

  call(request: OutgoingRequest, handler: CallHandler): Call {
    return new Http2Call(this, request, handler);
  }

  /** Takes no new requests; ends when those under way have, or after `limitMs`. */
  drain(limitMs: number): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#why = 'replaced';
    this.client.drain();
    if (this.client.over) return;
    this.#cancelDrain = this.#options.clock.after(limitMs, () =>
      this.destroy(`requests still under way after ${limitMs} ms`),
    );
  }

  /** Ends it at once: requests under way fail. */
  destroy(why: string): void {
    this.client.lost(why);
  }

  onOutput(): void {
    this.#socket.onOutput();
  }

  onWarning(): void {
    if (this.#leaving || this.#warned) return;
    this.#warned = true;
    this.#options.onWarning();
  }

  onGoaway(code: number, debug: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    // One that ends in an error is followed by the connection's end, and is not to be repeated at once.
    if (code === errorCode.noError) this.#options.onGoingAway();
    else this.#why = `the other side gave it up with code ${code}: ${debug}`;
  }

  onEnd(end: ConnectionEnd): void {
    this.#leaving = true;
    this.#heartbeat.stop();
    this.#cancelDrain();
    this.#socket.onEnd(end);
    this.#options.onEnd(end.kind === 'drained' ? this.#why : end.what);
  }
}
