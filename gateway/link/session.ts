/** Owns one established connection to another gateway: requests as HTTP/2 streams, and its own liveness. */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Outcome, RequestHead, TryOptions } from '../proxy/message.ts';
import type { ConnectionEnd, ConnectionHandler } from '../wire/http2/api.ts';
import { Http2Client, type RequestRefusal } from '../wire/http2/client.ts';
import { linkOptions } from '../wire/http2/options.ts';
import { errorCode } from '../wire/http2/protocol.ts';
import { Call } from './call.ts';
import { Heartbeat } from './heartbeat.ts';
import { LinkSocket } from './link-socket.ts';

export interface LinkSessionOptions {
  readonly socket: Socket;
  /** Of the gateway, for messages. */
  readonly address: string;
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  /** After each PING; the first says that the session is ready. */
  onRtt(rttMs: number): void;
  /** The other side asked to use it no more; what is under way may finish. */
  onGoingAway(): void;
  /** It is over; called once. */
  onEnd(why: string): void;
}

const refusals: Readonly<Record<RequestRefusal, string>> = {
  leaving: 'it is being given up',
  busy: 'as many are under way as the other side allows',
  'no-extended-connect': 'the other side takes no extended CONNECT',
};

export class LinkSession implements ConnectionHandler {
  readonly #options: LinkSessionOptions;
  readonly #socket: LinkSocket;
  readonly #client: Http2Client;
  readonly #heartbeat: Heartbeat;
  #leaving = false;
  #why = 'the other side closed the connection';
  #cancelDrain: () => void = () => undefined;

  constructor(options: LinkSessionOptions) {
    this.#options = options;
    const { socket, clock, pingIntervalMs } = options;
    this.#socket = new LinkSocket(socket, clock);
    this.#client = new Http2Client(this, this.#socket.context(linkOptions));
    this.#socket.carry(this.#client);
    this.#heartbeat = new Heartbeat({
      clock,
      intervalMs: pingIntervalMs,
      ping: (answered) => this.#client.ping(answered),
      received: () => socket.bytesRead,
      onRtt: (rttMs) => options.onRtt(rttMs),
      onDead: (silentMs) => this.destroy(`no answer to a PING for ${Math.round(silentMs)} ms`),
    });
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#leaving;
  }

  get streams(): number {
    return this.#client.openStreams;
  }

  get rttMs(): number | undefined {
    return this.#heartbeat.rttMs;
  }

  request(
    { method, authority, path, fields }: RequestHead,
    body: Readable | undefined,
    { signal }: TryOptions,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const call = new Call(this.#options.address, signal, resolve);
      if (signal.aborted) {
        body?.destroy();
        call.handleEvent();
        return;
      }
      const head = { method, scheme: 'http', authority, path, fields };
      const stream = this.#client.request(head, body === undefined, call);
      if (typeof stream === 'string') {
        body?.destroy();
        call.refuse(refusals[stream]);
      } else {
        call.begin(stream, body);
      }
    });
  }

  /** Takes no new requests; ends when those under way have, or after `limitMs`. */
  drain(limitMs: number): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#why = 'replaced';
    this.#client.drain();
    if (this.#client.over) return;
    this.#cancelDrain = this.#options.clock.after(limitMs, () =>
      this.destroy(`requests still under way after ${limitMs} ms`),
    );
  }

  /** Ends it at once: requests under way fail. */
  destroy(why: string): void {
    this.#client.lost(why);
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
