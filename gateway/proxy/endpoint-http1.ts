/** Owns requests to endpoints that speak HTTP/1.1: over kept connections, a pool for each endpoint. */
import type { LookupFunction } from 'node:net';
import { formatAddress } from '../../core/address.ts';
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
  readonly #pools = new Map<string, EndpointPool>();
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
    const address = formatAddress(host, port);
    let pool = this.#pools.get(address);
    if (pool === undefined) {
      pool = new EndpointPool(host, port, this.#lookup, this.#clock, () => this.#now);
      this.#pools.set(address, pool);
    }
    const call = new EndpointCall(address, request, handler);
    pool.carry(call, connectMs);
    return call;
  }

  close(): void {
    this.#cancelTick();
    for (const pool of this.#pools.values()) pool.destroy();
    this.#pools.clear();
  }

  #tick(): void {
    this.#cancelTick = this.#clock.after(tickMs, () => this.#tick());
    this.#now = this.#clock.monotonic();
    for (const [address, pool] of this.#pools) {
      pool.expire(this.#now - restMs + tickMs);
      if (pool.isEmpty) this.#pools.delete(address);
    }
  }
}
