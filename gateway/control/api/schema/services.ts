/** Owns the shapes of what is served: services, their endpoints here, and what clusters export. */
import { z } from 'zod';
import { durationTextSchema } from '../../../../core/duration.ts';
import { protocols } from '../../../../registry/model.ts';
import { writtenCheckSchema } from '../../health/check.ts';
import { count, list, moment, named, object } from './shape.ts';

export const serviceItemSchema = named('Service', 'A service, here and elsewhere', {
  service: z.string(),
  host: z.string(),
  protocol: z.enum(protocols),
  exported: z.boolean(),
  endpoints: object({ total: count, healthy: count }),
  remotes: list(
    object({
      cluster: z.string(),
      total: count,
      /** Healthy endpoints, as the cluster said last. */
      healthy: count,
      /** Since when that can't be confirmed: no link to it is up. Absent while one is. */
      unknownSince: moment.optional(),
    }),
  ),
});

const endpointShape = {
  service: z.string(),
  id: z.string(),
  address: z.string(),
  port: z.int(),
  zone: z.string(),
  weight: z.int(),
  labels: z.record(z.string(), z.string()).readonly(),
  protocol: z.enum(protocols),
  health: z
    .enum(['healthy', 'degraded', 'unhealthy', 'unknown'])
    .describe('Health, by its checks and heartbeats'),
  reason: z.string().optional().describe('Why its health is that'),
  source: z
    .enum(['config', 'api', 'registry'])
    .describe('Where the gateway that is asked has it from'),
  gateway: z.string().describe('Id of the gateway that registered and checks it'),
  exported: z.boolean(),
  /** These three: what it brought of its own, where it is asked of the gateway that registered it. */
  check: writtenCheckSchema.optional(),
  ttl: durationTextSchema.optional(),
  deregisterAfter: durationTextSchema.optional(),
};

export const endpointItemSchema = named('Endpoint', 'An endpoint of this cluster', endpointShape);

export const registeredEndpointSchema = named('RegisteredEndpoint', 'An endpoint, registered', {
  ...endpointShape,
  /** Whether the registry has it by now, and the summary of its service for other clusters; else it is kept and written as soon as that can be. */
  published: z.boolean(),
});

export const heartbeatSchema = named('Heartbeat', 'An endpoint after a sign of life', {
  service: z.string(),
  id: z.string(),
  health: endpointShape.health,
  reason: z.string(),
});

export const changedEndpointsSchema = named('ChangedEndpoints', 'What became of many endpoints', {
  registered: count,
  /** Signs of life that were taken. */
  heartbeats: count,
  deregistered: count,
  /** Whether the registry has all that was registered by now; else it is kept and written as soon as that can be. */
  published: z.boolean(),
  /** The changes that were not made, and why; the others are made. */
  refused: list(
    object({ service: z.string(), id: z.string(), code: z.string(), what: z.string() }),
  ),
});

export const exportItemSchema = named('Export', 'What a cluster exports of a service', {
  cluster: z.string(),
  service: z.string(),
  protocol: z.enum(protocols),
  localities: list(
    object({ region: z.string(), zone: z.string(), total: count, healthy: count, degraded: count }),
  ),
  updatedAt: moment,
  /** The cluster's records could not be confirmed lately. */
  stale: z.boolean(),
});
