/** Owns standing orders given here: to drain a cluster or fail a service over, and to undo that, whoever ordered it. */
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { DrillBoard } from '../../federation/drills/board.ts';
import type { DrainRecord, FailoverRecord } from '../../federation/drills/records.ts';
import type { Office } from './office.ts';
import type { Seat } from './seat.ts';

/** Orders in force. */
export interface OrdersInForce {
  readonly drains: Omit<DrainRecord, 'signature'>[];
  readonly failovers: Omit<FailoverRecord, 'signature'>[];
}

/** What an order needs of the seat: to be heard, and told what became of it. */
export interface OrdersSeat extends Pick<Seat, 'assertCluster' | 'assertService' | 'told'> {
  readonly participation: { readonly board: OrdersBoard } | undefined;
  heard(): Promise<{
    readonly board: OrdersBoard;
    readonly office: Pick<Office, 'drain' | 'failover'>;
  }>;
}

type OrdersBoard = Pick<DrillBoard, 'drains' | 'drained' | 'failovers' | 'failedOver'>;

export interface StandingOrdersOptions {
  readonly self: ClusterName;
  readonly seat: OrdersSeat;
  /** Wall milliseconds. */
  now(): number;
}

/** Every order throws what `Seat.heard` does: one that nobody hears could not be undone either. */
export class StandingOrders {
  readonly #options: StandingOrdersOptions;

  constructor(options: StandingOrdersOptions) {
    this.#options = options;
  }

  inForce(): OrdersInForce {
    const board = this.#options.seat.participation?.board;
    return {
      drains: (board?.drained ?? []).map(({ signature: _, ...order }) => order),
      failovers: (board?.failedOver ?? []).map(({ signature: _, ...order }) => order),
    };
  }

  /** Keeps traffic off a cluster until it is undone. An order that is in force already is given anew. Throws CLUSTER_NOT_FOUND. */
  async drain(
    of: ClusterName,
    { rampMs, reason }: { readonly rampMs: number; readonly reason?: string | undefined },
  ): Promise<DrainRecord> {
    const { self, seat, now } = this.#options;
    seat.assertCluster(of);
    const { board, office } = await seat.heard();
    return this.#drained(office, {
      cluster: self,
      of,
      sequence: nextSequence(board.drains.filter((order) => order.of === of)),
      active: true,
      at: now(),
      rampMs,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Throws ORDER_NOT_FOUND where none is in force. */
  async undrain(of: ClusterName): Promise<DrainRecord> {
    const { self, seat, now } = this.#options;
    const { board, office } = await seat.heard();
    const inForce = board.drained.find((order) => order.of === of);
    if (!inForce) throw notFound(`${of} is not drained`);
    const { reason: _, signature: __, ...rest } = inForce;
    const sequence = nextSequence(board.drains.filter((order) => order.of === of));
    return this.#drained(office, { ...rest, cluster: self, sequence, active: false, at: now() });
  }

  /** Sends a share of a service's traffic to one cluster until it is undone. Throws CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  async failOver(
    service: ServiceName,
    order: {
      readonly to: ClusterName;
      readonly percent: number;
      readonly reason?: string | undefined;
    },
  ): Promise<FailoverRecord> {
    const { self, seat, now } = this.#options;
    const { to, percent, reason } = order;
    seat.assertCluster(to);
    seat.assertService(service);
    const { board, office } = await seat.heard();
    return this.#failedOver(office, {
      cluster: self,
      service,
      to,
      percent,
      sequence: nextSequence(board.failovers.filter((other) => other.service === service)),
      active: true,
      at: now(),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** Throws ORDER_NOT_FOUND where none is in force. */
  async endFailover(service: ServiceName): Promise<FailoverRecord> {
    const { self, seat, now } = this.#options;
    const { board, office } = await seat.heard();
    const inForce = board.failedOver.find((order) => order.service === service);
    if (!inForce) throw notFound(`${service} is not failed over`);
    const { reason: _, signature: __, ...rest } = inForce;
    const sequence = nextSequence(board.failovers.filter((other) => other.service === service));
    return this.#failedOver(office, { ...rest, cluster: self, sequence, active: false, at: now() });
  }

  async #drained(office: Pick<Office, 'drain'>, order: DrainRecord): Promise<DrainRecord> {
    const { seat } = this.#options;
    office.drain(order);
    await seat.told(() => isAmong(seat.participation?.board.drains, order));
    return order;
  }

  async #failedOver(
    office: Pick<Office, 'failover'>,
    order: FailoverRecord,
  ): Promise<FailoverRecord> {
    const { seat } = this.#options;
    office.failover(order);
    await seat.told(() => isAmong(seat.participation?.board.failovers, order));
    return order;
  }
}

type Order = Pick<DrainRecord, 'cluster' | 'sequence' | 'at'>;

function isAmong(known: readonly Order[] = [], order: Order): boolean {
  return known.some(({ cluster, sequence, at }) => {
    return cluster === order.cluster && sequence === order.sequence && at === order.at;
  });
}

/** Above all that is known, so that the newest order counts whatever clocks say. */
function nextSequence(orders: readonly { readonly sequence: number }[]): number {
  return 1 + Math.max(0, ...orders.map(({ sequence }) => sequence));
}

function notFound(what: string): IsthmusError {
  return new IsthmusError('ORDER_NOT_FOUND', { what });
}
