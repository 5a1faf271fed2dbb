/** Owns standing orders given here: to drain a cluster or fail a service over, and to undo that. */
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { DrillBoard } from '../../federation/drills/board.ts';
import type { DrainRecord, FailoverRecord } from '../../federation/drills/records.ts';
import type { Office } from './office.ts';

export interface OrdersGround {
  readonly self: ClusterName;
  readonly board: DrillBoard;
  readonly office: Office;
  /** Wall milliseconds. */
  now(): number;
}

/** Keeps traffic off a cluster until it is undone. An order that is in force already is given anew. */
export function drain(
  ground: OrdersGround,
  of: ClusterName,
  { rampMs, reason }: { readonly rampMs: number; readonly reason?: string | undefined },
): DrainRecord {
  const { self, board, office, now } = ground;
  const record: DrainRecord = {
    cluster: self,
    of,
    sequence: nextSequence(board.drains.filter((order) => order.of === of)),
    active: true,
    at: now(),
    rampMs,
    ...(reason === undefined ? {} : { reason }),
  };
  office.drain(record);
  return record;
}

/** Undoes a drain, whoever ordered it. Throws ORDER_NOT_FOUND where none is in force. */
export function undrain(ground: OrdersGround, of: ClusterName): DrainRecord {
  const { self, board, office, now } = ground;
  const inForce = board.drained.find((order) => order.of === of);
  if (!inForce) throw notFound(`${of} is not drained`);
  const { reason: _, signature: __, ...rest } = inForce;
  const sequence = nextSequence(board.drains.filter((order) => order.of === of));
  const record: DrainRecord = { ...rest, cluster: self, sequence, active: false, at: now() };
  office.drain(record);
  return record;
}

/** Sends a share of a service's traffic to one cluster until it is undone. */
export function failOver(
  ground: OrdersGround,
  service: ServiceName,
  order: {
    readonly to: ClusterName;
    readonly percent: number;
    readonly reason?: string | undefined;
  },
): FailoverRecord {
  const { self, board, office, now } = ground;
  const { to, percent, reason } = order;
  const record: FailoverRecord = {
    cluster: self,
    service,
    to,
    percent,
    sequence: nextSequence(board.failovers.filter((other) => other.service === service)),
    active: true,
    at: now(),
    ...(reason === undefined ? {} : { reason }),
  };
  office.failover(record);
  return record;
}

/** Undoes a failover, whoever ordered it. Throws ORDER_NOT_FOUND where none is in force. */
export function endFailover(ground: OrdersGround, service: ServiceName): FailoverRecord {
  const { self, board, office, now } = ground;
  const inForce = board.failedOver.find((order) => order.service === service);
  if (!inForce) throw notFound(`${service} is not failed over`);
  const { reason: _, signature: __, ...rest } = inForce;
  const sequence = nextSequence(board.failovers.filter((order) => order.service === service));
  const record: FailoverRecord = { ...rest, cluster: self, sequence, active: false, at: now() };
  office.failover(record);
  return record;
}

/** Above all that is known, so that the newest order counts whatever clocks say. */
function nextSequence(orders: readonly { readonly sequence: number }[]): number {
  return 1 + Math.max(0, ...orders.map(({ sequence }) => sequence));
}

function notFound(what: string): IsthmusError {
  return new IsthmusError('ORDER_NOT_FOUND', { what });
}
