/** Owns the declaration of a failover: the standing order that sends a service's traffic to one cluster. */
import { z } from 'zod';
import { clusterNameSchema, labelSchema } from '../../../../registry/model.ts';
import { resource } from '../resource.ts';
import { givenShape, reason } from '../schema/orders.ts';
import { named } from '../schema/shape.ts';

/** What is asked for. */
const shape = {
  to: clusterNameSchema.describe('Cluster that the traffic is sent to'),
  percent: z
    .number()
    .gt(0)
    .max(100)
    .default(100)
    .describe("Share of the requests of every cluster's clients, in percent"),
  reason,
};

export const failoverResource = resource({
  name: 'failover',
  plural: 'failovers',
  tag: 'Drills',
  summary: "A standing order that sends a share of a service's traffic to one cluster",
  path: '/v1/services/{namespace}/{service}/failover',
  collection: '/v1/failovers',
  params: z.strictObject({
    namespace: labelSchema.describe('Namespace of the service'),
    service: labelSchema.describe('Name of the service in its namespace'),
  }),
  body: z.strictObject(shape),
  answer: named('Failover', 'A failover in force', {
    namespace: z.string().describe('Namespace of the service'),
    service: z.string().describe('Name of the service in its namespace'),
    ...shape,
    to: z.string().describe('Cluster that the traffic is sent to'),
    ...givenShape,
  }),
  role: 'operator',
  says: {
    list: 'The failovers in force, whoever ordered them',
    get: 'The failover of a service, while one is in force',
    put: "Sends a share of a service's traffic to one cluster until that is undone; nothing, where it is so already",
    delete: 'Undoes a failover, whoever ordered it',
  },
});
