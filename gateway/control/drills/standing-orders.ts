/** Owns standing orders given here: to drain a cluster or fail a service over, and to undo that, whoever ordered it. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { DrillBoard } from '../../../federation/drills/board.ts';
import { type DrillRecords, inForce } from '../../../federation/drills/records.ts';
import type { DrillWriter } from './drill-writer.ts';
import type { Participation } from './participation.ts';
import type { Sight } from './sight.ts';

type Orders = Pick<DrillRecords, 'drains' | 'failovers'>;

export type Drain = Omit<Orders['drains'], 'signature'>;
export type Failover = Omit<Orders['failovers'], 'signature'>;

/** The content of an order, without who gives it, and when. */
type Said<Order> = Omit<Order, 'cluster' | 'sequence' | 'at' | 'signature'>;

/** The parts of a participation that an order needs. */
interface OrdersPart extends Pick<Participation, 'told'> {
  readonly sight: Pick<Sight, 'assertMember' | 'assertService'>;
  readonly board: Pick<DrillBoard, 'drains' | 'drained' | 'failovers' | 'failedOver'>;
  readonly writer: Pick<DrillWriter, 'write'>;
}

interface StandingOrdersOptions {
  readonly self: ClusterName;
  readonly seat: {
    readonly participation: OrdersPart | undefined;
    member(): OrdersPart;
    heard(): Promise<OrdersPart>;
  };
  /** Wall milliseconds. */
  now(): number;
}

/** Every order throws what `Seat.heard` does: one that nobody hears could not be undone either. */
export class StandingOrders {
  readonly #options: StandingOrdersOptions;

  constructor(options: StandingOrdersOptions) {
    this.#options = options;
  }

  inForce(): { readonly drains: Drain[]; readonly failovers: Failover[] } {
    const board = this.#options.seat.participation?.board;
    return {
      drains: (board?.drained ?? []).map(({ signature: _, ...order }) => order),
      failovers: (board?.failedOver ?? []).map(({ signature: _, ...order }) => order),
    };
  }

  /** The drain of a cluster that is in force. */
  drainOf(cluster: ClusterName): Drain | undefined {
    return this.inForce().drains.find(({ of }) => of === cluster);
  }

  /** The failover of a service that is in force. */
  failoverOf(name: ServiceName): Failover | undefined {
    return this.inForce().failovers.find(({ service }) => service === name);
  }

  /** Keeps traffic off a cluster until it is undone. An order that is in force already is given anew. Throws CLUSTER_NOT_FOUND. */
  async drain(
    of: ClusterName,
    order: { readonly rampMs: number; readonly reason?: string | undefined },
  ): Promise<Orders['drains']> {
    this.#options.seat.member().sight.assertMember(of);
    return this.#give('drains', (other) => other.of === of, { ...order, of, active: true });
  }

  /** Throws ORDER_NOT_FOUND where none is in force. */
  undrain(of: ClusterName): Promise<Orders['drains']> {
    return this.#undo('drains', (order) => order.of === of, `${of} is not drained`);
  }

  /** Sends a share of a service's traffic to one cluster until it is undone. Throws CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  async failOver(
    service: ServiceName,
    order: {
      readonly to: ClusterName;
      readonly percent: number;
      readonly reason?: string | undefined;
    },
  ): Promise<Orders['failovers']> {
    const { sight } = this.#options.seat.member();
    sight.assertMember(order.to);
    sight.assertService(service);
    const said = { ...order, service, active: true };
    return this.#give('failovers', (other) => other.service === service, said);
  }

  /** Throws ORDER_NOT_FOUND where none is in force. */
  endFailover(service: ServiceName): Promise<Orders['failovers']> {
    const what = `${service} is not failed over`;
    return this.#undo('failovers', (order) => order.service === service, what);
  }

  /** Above all that is known of the same thing, so that the newest order counts whatever clocks say. */
  async #give<K extends keyof Orders>(
    kind: K,
    isAbout: (order: Orders[K]) => boolean,
    said: Said<Orders[K]>,
  ): Promise<Orders[K]> {
    const { self, seat, now } = this.#options;
    const part = await seat.heard();
    const sequences = known(part, kind)
      .filter(isAbout)
      .map(({ sequence }) => sequence);
    const sequence = 1 + Math.max(0, ...sequences);
    const order = { ...said, cluster: self, sequence, at: now() } as unknown as Orders[K];
    part.writer.write<keyof Orders>(kind, order);
    await part.told(() => known(part, kind).some((one) => isSame(one, order)));
    return order;
  }

  async #undo<K extends keyof Orders>(
    kind: K,
    isAbout: (order: Orders[K]) => boolean,
    none: string,
  ): Promise<Orders[K]> {
    const part = await this.#options.seat.heard();
    const order = inForce(known(part, kind).filter(isAbout));
    if (!order) throw new IsthmusError('ORDER_NOT_FOUND', { what: none });
    const { reason: _, signature: __, ...said } = order;
    return this.#give(kind, isAbout, { ...said, active: false } as unknown as Said<Orders[K]>);
  }
}

function known<K extends keyof Orders>({ board }: OrdersPart, kind: K): readonly Orders[K][] {
  return board[kind] as readonly Orders[keyof Orders][] as readonly Orders[K][];
}

function isSame(one: Orders[keyof Orders], order: Orders[keyof Orders]): boolean {
  return one.cluster === order.cluster && one.sequence === order.sequence && one.at === order.at;
}
