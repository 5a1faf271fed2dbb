/** Owns the operations on standing orders as resources: a cluster's drain and a service's failover, given where they are not in force yet. */
import type { z } from 'zod';
import { IsthmusError } from '../../../../core/errors.ts';
import { type ServiceName, serviceName, serviceParts } from '../../../../core/names.ts';
import { writtenDuration } from '../../../../core/written-duration.ts';
import type { Drain, Failover, StandingOrders } from '../../drills/standing-orders.ts';
import { type Operation, operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { drainResource } from '../resources/drain.ts';
import { failoverResource } from '../resources/failover.ts';
import { failoverSchema } from './orders.ts';

export function standingOperations(orders: StandingOrders): Operation[] {
  return [...drains(orders), ...failovers(orders), endFailover(orders)];
}

function drains(orders: StandingOrders): Operation[] {
  return resourceOperations(drainResource, {
    find({ cluster }) {
      const order = orders.drainOf(cluster);
      return order && drainItem(order);
    },
    get: ({ cluster }) => drainItem(existing(orders.drainOf(cluster), `${cluster} is not drained`)),
    async put({ cluster }, { ramp, reason }) {
      const now = orders.drainOf(cluster);
      const isSo = now?.rampMs === ramp && now.reason === reason;
      return drainItem(isSo ? now : await orders.drain(cluster, { rampMs: ramp, reason }));
    },
    delete: ({ cluster }) => orders.undrain(cluster),
    list: {
      key: ({ cluster }) => cluster,
      items: () => orders.inForce().drains.map(drainItem),
    },
  });
}

function failovers(orders: StandingOrders): Operation[] {
  return resourceOperations(failoverResource, {
    find: (params) => currentFailover(orders, params),
    get(params) {
      const service = nameOf(params);
      return failoverItem(existing(orders.failoverOf(service), `${service} is not failed over`));
    },
    async put(params, { to, percent, reason }) {
      const service = nameOf(params);
      const now = orders.failoverOf(service);
      const isSo = now?.to === to && now.percent === percent && now.reason === reason;
      return failoverItem(isSo ? now : await orders.failOver(service, { to, percent, reason }));
    },
    list: {
      key: ({ namespace, service }) => `${service}.${namespace}`,
      items: () => orders.inForce().failovers.map(failoverItem),
    },
    object: ({ namespace, service }, { to, percent }) =>
      `${service}.${namespace} to ${to}, ${percent} %`,
  });
}

/** A failover's DELETE answers with the order that undoes it. */
function endFailover(orders: StandingOrders): Operation {
  const { tag, path, role, params, says } = failoverResource;
  return operation({
    ...{ method: 'DELETE', id: 'endFailover', tag, path, role, params },
    summary: says.delete,
    answer: failoverSchema,
    current: (call) => currentFailover(orders, call.params),
    handle: (call) => orders.endFailover(nameOf(call.params)),
  });
}

type FailoverParams = z.output<typeof failoverResource.params>;

function currentFailover(orders: StandingOrders, params: FailoverParams) {
  const order = orders.failoverOf(nameOf(params));
  return order && failoverItem(order);
}

function nameOf({ namespace, service }: FailoverParams): ServiceName {
  return serviceName(namespace, service);
}

/** Throws ORDER_NOT_FOUND. */
function existing<O>(order: O | undefined, none: string): O {
  if (order !== undefined) return order;
  throw new IsthmusError('ORDER_NOT_FOUND', { what: none });
}

function drainItem({ of, reason, rampMs, cluster: by, at, sequence }: Drain) {
  const ramp = writtenDuration(rampMs);
  return { cluster: of, ...(reason !== undefined && { reason }), ramp, by, at, sequence };
}

function failoverItem({ service, to, percent, reason, cluster: by, at, sequence }: Failover) {
  return {
    ...{ ...serviceParts(service), to, percent },
    ...(reason !== undefined && { reason }),
    ...{ by, at, sequence },
  };
}
