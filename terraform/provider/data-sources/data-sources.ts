/** Owns the list of the data sources: what the federation is, and why its requests go where they go. */
import { z } from 'zod';
import { drillSchema, reportSchema } from '../../../federation/drills/model.ts';
import type { Resource } from '../../../gateway/control/api/resource.ts';
import { resources } from '../../../gateway/control/api/resources.ts';
import { clusterItemSchema } from '../../../gateway/control/api/schema/clusters.ts';
import { explanationSchema } from '../../../gateway/control/api/schema/explanation.ts';
import { serviceItemSchema } from '../../../gateway/control/api/schema/services.ts';
import { trustItemSchema } from '../../../gateway/control/api/schema/trust.ts';
import { clusterNameSchema, labelSchema, serviceNameSchema } from '../../../registry/model.ts';
import type { DataSource } from '../offer.ts';
import { type Declared, Lookup } from './lookup.ts';

const service = z.strictObject({
  service: serviceNameSchema.describe('Service, as `orders.shop`'),
});
const from = z
  .string()
  .max(127)
  .optional()
  .describe("Where the requests come from: `CLUSTER` or `CLUSTER/ZONE`. Default the gateway's own");

const declared: readonly Declared[] = [
  {
    name: 'clusters',
    summary: 'The member clusters of the federation, as the gateway reaches them',
    path: '/v1/clusters',
    answer: clusterItemSchema,
    list: 'clusters',
  },
  {
    name: 'services',
    summary: 'The services of the federation, in this cluster and in the others',
    path: '/v1/services',
    answer: serviceItemSchema,
    list: 'services',
  },
  {
    name: 'trust_bundles',
    summary: "The clusters' trust bundles, and who has taken each up",
    path: '/v1/trust',
    answer: trustItemSchema,
    list: 'trust_bundles',
  },
  {
    name: 'explain',
    summary: 'The balancing decision for a service: every candidate with its share, and why',
    path: '/v1/explain/{service}',
    params: service,
    query: z.strictObject({ from }),
    answer: explanationSchema.unwrap().omit({ without: true }),
    blamed: { SERVICE_NOT_FOUND: 'service', CLUSTER_NOT_FOUND: 'from' },
  },
  {
    name: 'what_if',
    summary: 'The balancing decision for a service as it would be without some clusters',
    path: '/v1/explain/{service}',
    params: service,
    query: z.strictObject({
      without: z.array(clusterNameSchema).min(1).describe('Clusters to imagine lost'),
      from,
    }),
    answer: explanationSchema,
    blamed: { SERVICE_NOT_FOUND: 'service', CLUSTER_NOT_FOUND: 'without' },
  },
  {
    name: 'drills',
    summary: 'The drills of all clusters, those under way and those that are over',
    path: '/v1/drills',
    answer: drillSchema.omit({ timeline: true, report: true, signature: true }),
    list: 'drills',
  },
  {
    name: 'drill_report',
    summary: 'The report on a drill that is over, without its timeline',
    path: '/v1/drills/{id}/report',
    params: z.strictObject({ id: labelSchema.describe('Name of the drill') }),
    answer: reportSchema.omit({ timeline: true, moments: true, signature: true }),
    blamed: { DRILL_NOT_FOUND: 'id', DRILL_NO_REPORT: 'id' },
  },
];

/** All of a kind of resource; none where the API has no list of them. */
function allOf({ plural, says, summary, collection, query, answer }: Resource): Declared[] {
  if (collection === undefined) return [];
  return [
    {
      name: plural,
      summary: says.list ?? summary,
      path: collection,
      ...(query && { query: z.strictObject(query) }),
      answer,
      list: plural,
    },
  ];
}

/** A data source for each kind of resource that has a list. */
export function listsOf(kinds: readonly Resource[]): readonly DataSource[] {
  return kinds.flatMap(allOf).map((one) => new Lookup(one));
}

export const dataSources: readonly DataSource[] = [
  ...declared.map((one) => new Lookup(one)),
  ...listsOf(resources),
];
