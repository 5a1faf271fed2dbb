/** Owns requests to endpoints of this cluster: HTTP/1.1 over kept connections. */
import { formatAddress } from '../../core/address.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { EndpointPool } from './endpoint-pool.ts';
import { EndpointTry } from './endpoint-try.ts';
import type { EndpointTransport } from './forward.ts';
import type { FailedTry } from './message.ts';
import { type OutgoingRequest, outgoingRequest } from './outgoing-request.ts';
import type { NameResolver } from './resolve.ts';

/** How long a connection may rest before it is closed; under the 5 s after which many servers close theirs. */
const restMs = 4_000;

const tickMs = 500;

export function createEndpointTransport(
  resolver: NameResolver,
  clock: Clock = systemClock,
): EndpointTransport {
  const pools = new Map<string, EndpointPool>();
  /** At most one tick old, so a rest is cut short by one tick. */
  let now = clock.monotonic();
  let cancelTick = clock.after(tickMs, tick);

  function tick(): void {
    cancelTick = clock.after(tickMs, tick);
    now = clock.monotonic();
    for (const [address, pool] of pools) {
      pool.expire(now - restMs + tickMs);
      if (pool.isEmpty) pools.delete(address);
    }
  }

  function poolOf(address: string, endpoint: { address: string; port: number }): EndpointPool {
    let pool = pools.get(address);
    if (pool === undefined) {
      const place = { host: endpoint.address, port: endpoint.port };
      pool = new EndpointPool(place, resolver.lookup, clock, () => now);
      pools.set(address, pool);
    }
    return pool;
  }

  return {
    send(endpoint, head, body, options) {
      const address = formatAddress(endpoint.address, endpoint.port);
      let request: OutgoingRequest;
      try {
        request = outgoingRequest(head, body !== undefined);
      } catch (thrown) {
        body?.destroy();
        return Promise.resolve(unsendable(address, thrown));
      }
      return new Promise((resolve) => {
        const attempt = new EndpointTry(address, request, body, options, resolve);
        if (attempt.isOpen) poolOf(address, endpoint).carry(attempt, options.connectMs);
      });
    },
    async close() {
      cancelTick();
      for (const pool of pools.values()) pool.destroy();
      pools.clear();
    },
  };
}

function unsendable(address: string, thrown: unknown): FailedTry {
  return {
    kind: 'failed',
    sent: 'no',
    code: 'UPSTREAM_FAILED',
    what: `${address}: ${messageOf(thrown)}`,
    cause: thrown,
  };
}
