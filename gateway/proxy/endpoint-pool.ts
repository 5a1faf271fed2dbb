/** Owns the connections to one endpoint: those at rest, the one used last first, and how long they may rest. */
import type { LookupFunction } from 'node:net';
import { formatAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import type { EndpointCall } from './endpoint-call.ts';
import { type ConnectionHome, EndpointConnection } from './endpoint-connection.ts';
import { Roster } from './roster.ts';

/** Most connections at rest: more are of use only to the next burst of the same size. */
const maxResting = 256;

export class EndpointPool implements ConnectionHome {
  /** Of its endpoint, for messages. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
  readonly clock: Clock;
  readonly #now: () => number;
  readonly #all = new Roster<EndpointConnection>();
  /** In the order in which they came to rest. */
  readonly #resting: EndpointConnection[] = [];

  /** `now` may be coarse: it dates the rests that `expire` ends. */
  constructor(host: string, port: number, lookup: LookupFunction, clock: Clock, now: () => number) {
    this.address = formatAddress(host, port);
    this.host = host;
    this.port = port;
    this.lookup = lookup;
    this.clock = clock;
    this.#now = now;
  }

  /** Whether it holds nothing. */
  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  carry(call: EndpointCall, connectMs: number): void {
    for (let last = this.#resting.pop(); last !== undefined; last = this.#resting.pop()) {
      if (last.isUsable) {
        last.carry(call);
        return;
      }
    }
    this.#all.add(new EndpointConnection(this, call, connectMs));
  }

  onFree(connection: EndpointConnection): void {
    if (this.#resting.length >= maxResting) {
      connection.destroy();
      return;
    }
    connection.restsSince = this.#now();
    this.#resting.push(connection);
  }

  onClosed(connection: EndpointConnection): void {
    this.#all.delete(connection);
    const index = this.#resting.lastIndexOf(connection);
    if (index >= 0) this.#resting.splice(index, 1);
  }

  /** Closes what came to rest before `time`. */
  expire(time: number): void {
    const kept = this.#resting.findIndex(({ restsSince }) => restsSince > time);
    const expired = this.#resting.splice(0, kept < 0 ? this.#resting.length : kept);
    for (const connection of expired) connection.destroy();
  }

  destroy(): void {
    for (const connection of this.#all.all()) connection.destroy();
  }
}
