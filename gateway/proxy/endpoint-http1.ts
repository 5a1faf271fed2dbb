/** Owns requests to endpoints that speak HTTP/1.1: over kept connections, a pool for each endpoint. */
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Call, CallHandler, CallOptions, EndpointTransport } from './call.ts';
import { EndpointCall } from './endpoint-call.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { OutgoingRequest } from './message.ts';

/** How long a connection may rest before it is closed; under the 5 s after which many servers close theirs. */
const restMs = 4_000;

const tickMs = 500;

export class Http1Endpoints implements EndpointTransport {
  readonly #lookup: LookupFunction;
  readonly #clock: Clock;
  /** By host and port: no name is put together for a request to look one up. */
  readonly #pools = new Map<string, Map<number, EndpointPool>>();
  /** At most one tick old, so a rest is cut short by one tick. */
  #now: number;
  #cancelTick: () => void = () => undefined;

  constructor({ lookup, clock }: { readonly lookup: LookupFunction; readonly clock: Clock }) {
    this.#lookup = lookup;
    this.#clock = clock;
    this.#now = clock.monotonic();
    this.#tick();
  }

  call(
    { address: host, port }: { readonly address: string; readonly port: number },
    request: OutgoingRequest,
    handler: CallHandler,
    { connectMs }: CallOptions,
  ): Call {
    const pool = this.#pools.get(host)?.get(port) ?? this.#newPool(host, port);
    const call = new EndpointCall(pool.address, request, handler);
    pool.carry(call, connectMs);
    return call;
  }

  close(): void {
    this.#cancelTick();
    for (const ofHost of this.#pools.values()) {
      for (const pool of ofHost.values()) pool.destroy();
    }
    this.#pools.clear();
  }

  #newPool(host: string, port: number): EndpointPool {
    const pool = new EndpointPool(host, port, this.#lookup, this.#clock, () => this.#now);
    let ofHost = this.#pools.get(host);
    if (ofHost === undefined) {
      ofHost = new Map();
      this.#pools.set(host, ofHost);
    }
    ofHost.set(port, pool);
    return pool;
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.#now = this.#clock.monotonic();
    for (const [host, ofHost] of this.#pools) {
      for (const [port, pool] of ofHost) {
        pool.expire(this.#now - restMs + tickMs);
        if (pool.isEmpty) ofHost.delete(port);
      }
      if (ofHost.size === 0) this.#pools.delete(host);
    }
  }
}
