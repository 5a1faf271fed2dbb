/** Owns one established connection to another gateway: requests as HTTP/2 streams, and its own liveness. */
import type { Clock } from '../../core/clock.ts';
import type { Call, CallHandler } from '../proxy/call.ts';
import type { OutgoingRequest } from '../proxy/message.ts';
import type { ConnectionEnd, ConnectionHandler } from '../wire/http2/api.ts';
import { Http2Client } from '../wire/http2/client.ts';
import { linkOptions } from '../wire/http2/options.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import type { Dialed } from './dial.ts';
import { Flight } from './flight.ts';
import { Heartbeat } from './heartbeat.ts';
import { type CallGround, Http2Call } from './http2-call.ts';
import { Http2Socket } from './http2-socket.ts';

export interface LinkSessionOptions {
  readonly dialed: Dialed;
  /** Of the gateway, for messages. */
  readonly address: string;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  /** Whether it is to look dead: then no PING is sent, and nothing counts as received. */
  isCut(): boolean;
  /** After each PING; the first says that the session is ready. */
  onRtt(rttMs: number): void;
  /** The other side asked to use it no more; what is under way may finish. */
  onGoingAway(): void;
  /** It is over; called once. */
  onEnd(why: string): void;
}

export class LinkSession implements ConnectionHandler, CallGround {
  readonly #options: LinkSessionOptions;
  readonly who: string;
  readonly isConnected = true;
  readonly client: Http2Client;
  readonly #socket: Http2Socket;
  readonly #heartbeat: Heartbeat;
  #leaving = false;
  #why = 'the other side closed the connection';
  #cancelDrain: () => void = () => undefined;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    const { dialed, address, clock, pingIntervalMs, isCut } = options;
    const { socket, reads } = dialed;
    this.who = `The gateway at ${address}`;
    this.#socket = new Http2Socket(socket, clock);
    this.client = new Http2Client(this, this.#socket.context(linkOptions));
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
      onDead: (silentMs) => this.destroy(`no answer to a PING for ${Math.round(silentMs)} ms`),
    });
    reads.to(this.#socket);
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#leaving && this.client.hasRoom;
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
