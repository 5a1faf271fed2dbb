/** Owns the shapes of what is served: services, their endpoints here, and what clusters export. */
import { z } from 'zod';
import { durationTextSchema } from '../../../../core/duration.ts';
import { writtenCheckSchema } from '../../../../policy/health-check.ts';
import { protocols } from '../../../../registry/model.ts';
import { count, list, moment, named, object } from './shape.ts';

export const serviceItemSchema = named('Service', 'A service, here and elsewhere', {
  service: z.string().describe('Its name, as `orders.shop`'),
  host: z.string().describe('Host by which clients ask for it'),
  protocol: z.enum(protocols).describe('Protocol that its endpoints speak'),
  ports: list(z.string())
    .optional()
    .describe('Names of its ports that have one, here or elsewhere; absent where none has'),
  exported: z.boolean().describe('Whether any cluster offers it to the others'),
  endpoints: object({
    total: count.describe('All of them'),
    healthy: count.describe('Those that are healthy'),
  }).describe('Endpoints of this cluster'),
  remotes: list(
    object({
      cluster: z.string().describe('The other cluster'),
      total: count.describe('Endpoints of the service there'),
      healthy: count.describe('Healthy endpoints, as the cluster said last'),
      unknownSince: moment
        .optional()
        .describe(
          'Since when that cannot be confirmed, as no link to it is up, in milliseconds since 1970; absent while one is',
        ),
    }),
  ).describe('Other clusters that offer it'),
});

const endpointShape = {
  service: z.string().describe('Service it is of, as `orders.shop`'),
  id: z.string().describe('Its name in its service'),
  address: z.string().describe('IP address or DNS name where the gateway reaches it'),
  port: z.int().describe('Port where the gateway reaches it'),
  zone: z.string().describe('Zone it is in'),
  weight: z.int().describe('Share of the requests relative to its siblings'),
  labels: z.record(z.string(), z.string()).readonly().describe('Labels that tell it from others'),
  protocol: z.enum(protocols).describe('Protocol that it speaks'),
  ports: list(
    object({
      name: z.string().describe('Its name'),
      port: z.int().describe('Where it is, at the address of the endpoint'),
      protocol: z.enum(protocols).describe('Protocol that is spoken there'),
    }),
  )
    .optional()
    .describe('Its ports with a name; absent where there are none'),
  health: z
    .enum(['healthy', 'degraded', 'unhealthy', 'unknown'])
    .describe('Health, by its checks and heartbeats'),
  reason: z.string().optional().describe('Why its health is that'),
  source: z
    .enum(['config', 'api', 'registry'])
    .describe('Where the gateway that is asked has it from'),
  gateway: z.string().describe('Id of the gateway that registered and checks it'),
  exported: z.boolean().describe('Whether other clusters may use it'),
  /** These three: what it brought of its own, where it is asked of the gateway that registered it. */
  check: writtenCheckSchema.optional().describe('How its health is checked'),
  ttl: durationTextSchema.optional().describe('Without a heartbeat for this long it is unhealthy'),
  deregisterAfter: durationTextSchema
    .optional()
    .describe('Without a heartbeat for this long it is deregistered'),
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
  ports: z
    .record(
      z.string(),
      object({
        protocol: z.enum(protocols).describe('Protocol that is spoken there'),
        port: z.int().optional().describe('Its number, where it is the same at all of them'),
        ...{ total: count, healthy: count, degraded: count },
      }),
    )
    .optional()
    .describe('How many of its endpoints have which named port; absent where there are none'),
  to: list(z.string()).optional().describe('The only clusters that may use it; absent: all'),
  capacity: z
    .number()
    .optional()
    .describe('Requests a second that its copies there can take together, where that is stated'),
  updatedAt: moment,
  /** The cluster's records could not be confirmed lately. */
  stale: z.boolean(),
});
