/** Owns requests to endpoints of this cluster that speak HTTP/2, gRPC among them: many at a time over few connections. */
import type { LookupFunction } from 'node:net';
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Call, CallHandler, CallOptions, EndpointTransport } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { turnedAway } from '../message/turned-away.ts';
import type { HeadLimits } from '../wire/http1/limits.ts';
import { FailedCall } from './failed-call.ts';
import { HeldCall } from './held-call.ts';
import { Http2EndpointSession } from './http2-endpoint-session.ts';

/** How long a connection may rest before it is closed. */
const restMs = 30_000;

const tickMs = 5_000;

/** Most connections to one endpoint: each of them full means that it takes no more. */
const maxSessions = 64;

interface Http2EndpointsOptions {
  readonly lookup: LookupFunction;
  /** Limits on heads of responses. */
  readonly heads: HeadLimits;
  readonly clock: Clock;
  /** Absent: endpoints are spoken to in clear text. */
  readonly tls?: ServerTls | undefined;
}

export class Http2Endpoints implements EndpointTransport {
  readonly #options: Http2EndpointsOptions;
  readonly #sessions = new Map<string, Http2EndpointSession[]>();
  #cancelTick: (() => void) | undefined;

  constructor(options: Http2EndpointsOptions) {
    this.#options = options;
  }

  call(
    endpoint: { readonly address: string; readonly port: number },
    request: OutgoingRequest,
    handler: CallHandler,
    options: CallOptions,
  ): Call {
    const address = formatAddress(endpoint.address, endpoint.port);
    let sessions = this.#sessions.get(address);
    if (sessions === undefined) {
      sessions = [];
      this.#sessions.set(address, sessions);
    }
    let session = sessions.find(({ hasRoom }) => hasRoom);
    const { gate } = options;
    if (session === undefined) {
      const refusal = gate?.refusal(true);
      if (refusal !== undefined) return new FailedCall(handler, turnedAway(refusal));
      if (sessions.length >= maxSessions) {
        const what = `${address} has ${maxSessions} connections, and none of them takes one more request`;
        return new FailedCall(handler, { sent: 'no', code: 'UPSTREAM_FAILED', what });
      }
      session = this.#open(address, endpoint, sessions, options);
    }
    session.usedAt = this.#options.clock.monotonic();
    // Where it is counted who waits, all wait in the same way.
    const waits = session.holds(request) || (gate !== undefined && !session.isSettled);
    if (!waits) return session.call(request, handler);
    const refusal = gate?.refusal(false);
    if (refusal !== undefined) return new FailedCall(handler, turnedAway(refusal));
    const through = () => this.call(endpoint, request, handler, options);
    const held = new HeldCall(handler, through, gate);
    session.hold(held);
    return held;
  }

  retire(): void {
    for (const sessions of this.#sessions.values()) {
      // One that calls wait for closes once it has rested.
      for (const session of [...sessions]) if (!session.isAwaited) session.drain();
    }
  }

  close(): void {
    this.#cancelTick?.();
    for (const sessions of this.#sessions.values()) {
      for (const session of [...sessions]) session.destroy();
    }
    this.#sessions.clear();
  }

  #open(
    address: string,
    endpoint: { readonly address: string; readonly port: number },
    sessions: Http2EndpointSession[],
    { connectMs, gate }: CallOptions,
  ): Http2EndpointSession {
    const { address: host, port } = endpoint;
    const session = new Http2EndpointSession(
      { host, port, address, ...this.#options },
      connectMs,
      (ended) => {
        gate?.closed();
        sessions.splice(sessions.indexOf(ended), 1);
        if (sessions.length === 0) this.#sessions.delete(address);
      },
    );
    const known = sessions.find(({ client }) => client.allowedStreams !== undefined);
    if (known?.client.allowedStreams) session.assumeAllowed(known.client.allowedStreams);
    sessions.push(session);
    gate?.opened();
    this.#cancelTick ??= this.#options.clock.after(tickMs, () => this.#tick());
    return session;
  }

  /** Closes connections that have rested long enough; sleeps when there are none. */
  #tick(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    for (const sessions of this.#sessions.values()) {
      for (const session of [...sessions]) {
        if (session.client.openStreams > 0) session.usedAt = now;
        else if (now - session.usedAt >= restMs) session.drain();
      }
    }
    this.#cancelTick =
      this.#sessions.size === 0 ? undefined : clock.after(tickMs, () => this.#tick());
  }
}
