/** Owns the declaration of a cluster's settings: what one may ask of a member, beside what it says of itself. */
import { z } from 'zod';
import { clusterNameSchema } from '../../../../registry/model.ts';
import { resource } from '../resource.ts';
import { count, list, named } from '../schema/shape.ts';

const drained = 'Whether traffic is kept off the cluster by a standing order';

export const clusterResource = resource({
  name: 'cluster',
  plural: 'clusters',
  tag: 'Federation',
  summary:
    'A member cluster: its settings, and what it says of itself. Deleting it ends its drain; the cluster stays',
  path: '/v1/clusters/{cluster}/settings',
  isGiven: true,
  params: z.strictObject({ cluster: clusterNameSchema.describe('Name of the cluster') }),
  body: z.strictObject({
    drained: z.boolean().optional().describe(`${drained}; left as it is where nothing is said`),
  }),
  answer: named('ClusterSettings', 'A member cluster and its settings', {
    cluster: z.string().describe('Name of the cluster'),
    drained: z.boolean().describe(drained),
    region: z.string().describe('Region it is in, by the configuration of its gateways'),
    zones: list(z.string()).describe('Zones of its gateways'),
    trustDomain: z.string().describe('Its SPIFFE trust domain'),
    capacity: z
      .number()
      .optional()
      .describe('Requests per second that it says it can take from others'),
    gateways: count.describe('Number of its gateways that are alive'),
  }),
  chosen: ['drained'],
  derived: ['region', 'zones', 'trustDomain', 'capacity', 'gateways'],
  role: 'operator',
  says: {
    get: 'A cluster with its settings',
    put: 'Changes the settings of a cluster: drains it, or undoes that',
    delete: 'Undoes what the settings of a cluster ask for: its drain. The cluster stays',
  },
});
