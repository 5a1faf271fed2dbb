/** Owns the declaration of a drain: the standing order that keeps traffic off a cluster. */
import { z } from 'zod';
import { durationSchema, durationTextSchema } from '../../../../core/duration.ts';
import { clusterNameSchema } from '../../../../registry/model.ts';
import { resource } from '../resource.ts';
import { givenShape, reason } from '../schema/orders.ts';
import { named } from '../schema/shape.ts';

const ramp = 'How long traffic takes to leave';

export const drainResource = resource({
  name: 'drain',
  plural: 'drains',
  tag: 'Drills',
  summary: 'A standing order that keeps traffic off a cluster until it is undone',
  path: '/v1/clusters/{cluster}/drain',
  collection: '/v1/drains',
  params: z.strictObject({
    cluster: clusterNameSchema.describe('Cluster that traffic is kept off'),
  }),
  body: z.strictObject({
    reason,
    ramp: durationSchema.default(10_000).describe(ramp),
  }),
  answer: named('Drain', 'A drain in force', {
    cluster: z.string().describe('Cluster that traffic is kept off'),
    reason,
    ramp: durationTextSchema.describe(ramp),
    ...givenShape,
  }),
  role: 'operator',
  says: {
    list: 'The drains in force, whoever ordered them',
    get: 'The drain of a cluster, while one is in force',
    put: 'Keeps traffic off a cluster until that is undone; nothing, where it is so already',
    delete: 'Undoes a drain, whoever ordered it; load returns as its failback policy says',
  },
});
