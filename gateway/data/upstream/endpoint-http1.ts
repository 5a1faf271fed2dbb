/** Owns requests to endpoints that speak HTTP/1.1: over kept connections, a pool for each endpoint. */
import type { Clock } from '../../../core/clock.ts';
import type { Call, CallHandler, CallOptions, EndpointTransport } from '../message/call.ts';
import type { OutgoingRequest } from '../message/message.ts';
import { turnedAway } from '../message/turned-away.ts';
import { EndpointCall } from './endpoint-call.ts';
import { EndpointPool, type PoolGround } from './endpoint-pool.ts';
import { FailedCall } from './failed-call.ts';

const tickMs = 500;

export class Http1Endpoints implements EndpointTransport {
  readonly #ground: PoolGround;
  readonly #clock: Clock;
  /** By host and port: no name is put together for a request to look one up. */
  readonly #pools = new Map<string, Map<number, EndpointPool>>();
  #cancelTick: (() => void) | undefined;

  constructor(ground: PoolGround) {
    const { clock } = ground;
    this.#ground = ground;
    this.#clock = clock;
  }

  call(
    { address: host, port }: { readonly address: string; readonly port: number },
    request: OutgoingRequest,
    handler: CallHandler,
    options: CallOptions,
  ): Call {
    const pool = this.#pools.get(host)?.get(port) ?? this.#newPool(host, port);
    const call = new EndpointCall(pool.address, request, handler);
    const refusal = pool.carry(call, options);
    return refusal === undefined ? call : new FailedCall(handler, turnedAway(refusal));
  }

  retire(): void {
    for (const ofHost of this.#pools.values()) {
      for (const pool of ofHost.values()) pool.retire();
    }
  }

  close(): void {
    this.#cancelTick?.();
    for (const ofHost of this.#pools.values()) {
      for (const pool of ofHost.values()) pool.destroy();
    }
    this.#pools.clear();
  }

  #newPool(host: string, port: number): EndpointPool {
    const pool = new EndpointPool(host, port, this.#ground);
    let ofHost = this.#pools.get(host);
    if (ofHost === undefined) {
      ofHost = new Map();
      this.#pools.set(host, ofHost);
    }
    ofHost.set(port, pool);
    this.#tickLater();
    return pool;
  }

  #tickLater(): void {
    this.#cancelTick ??= this.#clock.after(tickMs, () => this.#tick());
  }

  /** Closes connections that have rested long enough; sleeps when there are none. */
  #tick(): void {
    this.#cancelTick = undefined;
    const now = this.#clock.monotonic();
    for (const [host, ofHost] of this.#pools) {
      for (const [port, pool] of ofHost) {
        pool.expire(now);
        if (pool.isEmpty) ofHost.delete(port);
      }
      if (ofHost.size === 0) this.#pools.delete(host);
    }
    if (this.#pools.size > 0) this.#tickLater();
  }
}
