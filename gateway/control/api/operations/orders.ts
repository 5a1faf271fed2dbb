/** Owns the operations that give standing orders and undo them, drains and failovers, and show all of them. */
import { z } from 'zod';
import { durationSchema } from '../../../../core/duration.ts';
import { parseClusterName, serviceName } from '../../../../core/names.ts';
import { drainRecordSchema, failoverRecordSchema } from '../../../../federation/drills/records.ts';
import { clusterNameSchema } from '../../../../registry/model.ts';
import type { StandingOrders } from '../../drills/standing-orders.ts';
import { type Operation, operation } from '../operation.ts';

const tag = 'Drills';
const clusterParams = z.strictObject({ cluster: z.string() });
const serviceParams = z.strictObject({ namespace: z.string(), service: z.string() });
const drainSchema = drainRecordSchema.omit({ signature: true });
export const failoverSchema = failoverRecordSchema.omit({ signature: true });

export function orderOperations(orders: StandingOrders): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/orders',
      id: 'getOrders',
      tag,
      summary: 'Drains and failovers in force',
      role: 'viewer',
      answer: z.strictObject({ drains: z.array(drainSchema), failovers: z.array(failoverSchema) }),
      handle: () => orders.inForce(),
    }),
    operation({
      method: 'POST',
      path: '/v1/clusters/{cluster}/drain',
      id: 'drainCluster',
      tag,
      summary: 'Keeps traffic off a cluster until that is undone',
      role: 'operator',
      params: clusterParams,
      body: z.strictObject({
        reason: z.string().max(500).optional(),
        /** How long traffic takes to leave; default 10s. */
        ramp: durationSchema.default(10_000),
      }),
      answer: drainSchema,
      state: ({ params }) => drainOf(orders, params.cluster),
      handle: ({ params, body: { ramp, reason } }) =>
        orders.drain(parseClusterName(params.cluster), { rampMs: ramp, reason }),
    }),
    operation({
      method: 'POST',
      path: '/v1/clusters/{cluster}/undrain',
      id: 'undrainCluster',
      tag,
      summary: 'Undoes a drain, whoever ordered it; load returns as its failback policy says',
      role: 'operator',
      params: clusterParams,
      answer: drainSchema,
      state: ({ params }) => drainOf(orders, params.cluster),
      handle: ({ params }) => orders.undrain(parseClusterName(params.cluster)),
    }),
    operation({
      method: 'POST',
      path: '/v1/services/{namespace}/{service}/failover',
      id: 'failOverService',
      tag,
      summary: "Sends a share of a service's traffic to one cluster until that is undone",
      role: 'operator',
      params: serviceParams,
      body: z.strictObject({
        to: clusterNameSchema,
        /** Share of every cluster's requests; default 100. */
        percent: z.number().gt(0).max(100).default(100),
        reason: z.string().max(500).optional(),
      }),
      answer: failoverSchema,
      object: ({ params, body: { to, percent } }) =>
        `${params.service}.${params.namespace} to ${to}, ${percent} %`,
      state({ params }) {
        const order = orders.failoverOf(serviceName(params.namespace, params.service));
        return order && { to: order.to, percent: order.percent, reason: order.reason };
      },
      handle: ({ params, body }) =>
        orders.failOver(serviceName(params.namespace, params.service), body),
    }),
  ];
}

function drainOf(orders: StandingOrders, cluster: string) {
  const order = orders.drainOf(parseClusterName(cluster));
  return { drained: order !== undefined, rampMs: order?.rampMs, reason: order?.reason };
}
