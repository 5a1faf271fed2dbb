/** Owns the circuit breakers of one service: whether a destination takes more, and why it does not. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import {
  type BreakerName,
  type BreakerPolicy,
  breakerNames,
  defaultBreakers,
} from '../../../policy/traffic/breakers.ts';
import type { BreakerRow, BreakerTable, Counted } from './breaker-table.ts';

/** A breaker that lets nothing more through at present. */
export interface OpenBreaker {
  readonly service: ServiceName;
  readonly cluster: ClusterName;
  readonly breaker: BreakerName;
  readonly limit: number;
}

const countedBy: Readonly<Record<BreakerName, Counted>> = {
  maxConnections: 'connections',
  maxPending: 'pending',
  maxRequests: 'requests',
  maxRetries: 'retries',
};

/** Called for every try that a breaker turned away, whether it goes elsewhere or not. */
export type OnShut = (service: ServiceName, cluster: ClusterName, breaker: BreakerName) => void;

/** A try that counts until it is let go, once. */
export interface Held {
  letGo(): void;
}

export class Breakers {
  /** 0 = no limit. */
  limits: BreakerPolicy = defaultBreakers;
  readonly service: ServiceName;
  readonly #table: BreakerTable;
  readonly #onShut: OnShut;
  readonly #destinations = new Map<ClusterName, Destination>();

  constructor(service: ServiceName, table: BreakerTable, onShut: OnShut) {
    this.service = service;
    this.#table = table;
    this.#onShut = onShut;
  }

  at(cluster: ClusterName): Destination {
    return this.#destinations.getOrInsertComputed(cluster, () => {
      const row = this.#table.row(`${this.service} ${cluster}`);
      return new Destination(this, cluster, row);
    });
  }

  /** Counts a try that was turned away. */
  turnAway(open: OpenBreaker): OpenBreaker {
    this.#onShut(open.service, open.cluster, open.breaker);
    return open;
  }

  /** Whether a cluster gets no more requests at present. */
  isShut(cluster: ClusterName): boolean {
    return this.at(cluster).openOf('maxRequests') !== undefined;
  }

  /** Counts a request that was meant for a cluster that gets no more. */
  passOver(cluster: ClusterName): void {
    this.#onShut(this.service, cluster, 'maxRequests');
  }

  /** Those that let nothing through at present. */
  open(): OpenBreaker[] {
    return [...this.#destinations.values()].flatMap((one) =>
      breakerNames.flatMap((breaker) => one.openOf(breaker) ?? []),
    );
  }
}

/** Whoever makes connections asks it first, and tells it of them. */
export interface ConnectionGate {
  /** Why no connection may be made, or none waited for; undefined: it may. `isNew`: it is to be made. */
  refusal(isNew: boolean): OpenBreaker | undefined;
  opened(): void;
  closed(): void;
  /** A request waits for a connection, or no longer. */
  waits(): void;
  goesOn(): void;
}

class Destination implements ConnectionGate {
  readonly #breakers: Breakers;
  readonly #cluster: ClusterName;
  readonly #row: BreakerRow;

  constructor(breakers: Breakers, cluster: ClusterName, row: BreakerRow) {
    this.#breakers = breakers;
    this.#cluster = cluster;
    this.#row = row;
  }

  /** The breaker, where it is open. */
  openOf(breaker: BreakerName): OpenBreaker | undefined {
    const limit = this.#breakers.limits[breaker];
    if (limit === 0 || this.#row.total(countedBy[breaker]) < limit) return undefined;
    return { service: this.#breakers.service, cluster: this.#cluster, breaker, limit };
  }

  hold(isRetry: boolean): Held {
    const row = this.#row;
    row.add('requests', 1);
    if (isRetry) row.add('retries', 1);
    return {
      letGo() {
        row.add('requests', -1);
        if (isRetry) row.add('retries', -1);
      },
    };
  }

  refusal(isNew: boolean): OpenBreaker | undefined {
    const open = (isNew ? this.openOf('maxConnections') : undefined) ?? this.openOf('maxPending');
    return open && this.#breakers.turnAway(open);
  }

  opened(): void {
    this.#row.add('connections', 1);
  }

  closed(): void {
    this.#row.add('connections', -1);
  }

  waits(): void {
    this.#row.add('pending', 1);
  }

  goesOn(): void {
    this.#row.add('pending', -1);
  }
}
