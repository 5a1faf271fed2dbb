/** Owns how the order of clusters is written in a traffic policy. */
import { z } from 'zod';
import { clusterNameSchema } from '../../registry/model.ts';
import { clusterOrders, defaultTiers, failovers, zoneRoutings } from './tiers.ts';

/** Keys of `balance`. */
export const tiersKeys = {
  order: z
    .enum(clusterOrders)
    .default(defaultTiers.order)
    .describe(
      'How other clusters are ordered: as clusterOrder lists them, by round trip alone, or by costs',
    ),
  clusterOrder: z
    .array(clusterNameSchema)
    .max(256)
    .default([])
    .describe(
      'Clusters in the order to fail over to; others follow, same region first, then by round trip',
    ),
  costs: z
    .array(
      z.strictObject({
        from: clusterNameSchema.optional().describe('Cluster whose clients ask; without it, any'),
        to: clusterNameSchema.describe('Cluster that answers'),
        perGb: z.number().min(0).max(1_000_000).describe('Price of a GB, in one currency for all'),
      }),
    )
    .max(4096)
    .default([])
    .describe('Prices between clusters; where a pair is said twice the first counts'),
  clusterWeights: z
    .array(
      z.strictObject({
        cluster: clusterNameSchema.describe('A cluster, be it the own one'),
        weight: z
          .number()
          .gt(0)
          .max(1_000_000)
          .describe('Its share of their load, relative to the others'),
      }),
    )
    .max(256)
    .default([])
    .refine(
      (all) => new Set(all.map(({ cluster }) => cluster)).size === all.length,
      'name each cluster once',
    )
    .describe('Clusters that are one tier together, in the place of the nearest of them'),
  failover: z
    .enum(failovers)
    .default(defaultTiers.failover)
    .describe(
      'When a tier leaves load to the next: what it can not carry, or all, once it has no healthy copy',
    ),
  zones: z
    .enum(zoneRoutings)
    .default(defaultTiers.zones)
    .describe(
      'Whether a zone serves all that its gateways are asked, or what its part of 6 or more healthy copies is of their part',
    ),
};
