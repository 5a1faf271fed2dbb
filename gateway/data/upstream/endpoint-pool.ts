/** Owns the connections to one endpoint: those at rest, the one used last first, and how long they may rest. */
import type { LookupFunction } from 'node:net';
import type { ServerTls } from '../../../certs/server-trust.ts';
import { formatAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { Roster } from '../../../core/roster.ts';
import type { OpenBreaker } from '../balance/breakers.ts';
import type { CallOptions } from '../message/call.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import type { EndpointCall } from './endpoint-call.ts';
import { type ConnectionHome, EndpointConnection } from './endpoint-connection.ts';

/** Most connections at rest: more are of use only to the next burst of the same size. */
const maxResting = 256;

/** The ground of all pools. */
export interface PoolGround {
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  /** Limits on heads of responses. */
  readonly heads: Http1Limits;
  /** Absent: endpoints are spoken to in clear text. */
  readonly tls?: ServerTls | undefined;
}

export class EndpointPool implements ConnectionHome {
  /** The endpoint's address, for messages. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  readonly heads: Http1Limits;
  readonly tls: ServerTls | undefined;
  /** No connection rests any more. */
  #isRetired = false;
  readonly #all = new Roster<EndpointConnection>();
  /** In the order in which they came to rest. */
  readonly #resting: EndpointConnection[] = [];

  constructor(host: string, port: number, { lookup, clock, heads, tls }: PoolGround) {
    this.address = formatAddress(host, port);
    this.host = host;
    this.port = port;
    this.lookup = lookup;
    this.clock = clock;
    this.heads = heads;
    this.tls = tls;
  }

  /** Whether it holds nothing. */
  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /**
   * Several services may have endpoints at one address, and each says for itself how long a connection it uses may have rested.
   * Undefined, or why no connection may be made for the call.
   */
  carry(call: EndpointCall, options: CallOptions): OpenBreaker | undefined {
    const { restMs } = options;
    const now = this.#resting.length === 0 ? 0 : this.clock.monotonic();
    for (let last = this.#resting.at(-1); last !== undefined; last = this.#resting.at(-1)) {
      const isKept = last.isUsable && now < last.restsUntil;
      // The connection is left to others, and so are those that rest for longer.
      if (isKept && now - last.restsSince >= restMs) break;
      this.#resting.pop();
      if (isKept) {
        last.carry(call, restMs);
        return undefined;
      }
      last.destroy();
    }
    const refusal = options.gate?.refusal(true);
    if (refusal === undefined) this.#all.add(new EndpointConnection(this, call, options));
    return refusal;
  }

  onFree(connection: EndpointConnection): void {
    const { restMs } = connection;
    if (restMs <= 0 || this.#isRetired || this.#resting.length >= maxResting) {
      connection.destroy();
      return;
    }
    connection.restsSince = this.clock.monotonic();
    connection.restsUntil = connection.restsSince + restMs;
    this.#resting.push(connection);
  }

  onClosed(connection: EndpointConnection): void {
    this.#all.delete(connection);
    const index = this.#resting.lastIndexOf(connection);
    if (index >= 0) this.#resting.splice(index, 1);
  }

  /** Closes what has rested long enough at `now`. */
  expire(now: number): void {
    if (this.#resting.every(({ restsUntil }) => now < restsUntil)) return;
    for (const connection of this.#resting.splice(0)) {
      if (now < connection.restsUntil) this.#resting.push(connection);
      else connection.destroy();
    }
  }

  /** Closes what rests, and the others once they have carried what they carry. */
  retire(): void {
    this.#isRetired = true;
    this.expire(Infinity);
  }

  destroy(): void {
    for (const connection of this.#all.all()) connection.destroy();
  }
}
