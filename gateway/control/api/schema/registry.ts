/** Owns the shape of what a gateway says of its registry: the endpoints, its session, its watches. */
import { z } from 'zod';
import { findingSchema, problemItemSchema } from './gateway.ts';
import { count, list, milliseconds, moment, named, object } from './shape.ts';

const endpointSchema = z.discriminatedUnion('state', [
  object({
    endpoint: z.string(),
    state: z.literal('answers'),
    member: z.string().describe('Name of the member of etcd that answers there'),
    role: z.enum(['leader', 'follower', 'learner']),
    version: z.string(),
    revision: count,
    sizeBytes: count.describe('Size of its database'),
    inUseBytes: count.describe('What of that is in use'),
    latencyMs: milliseconds.describe('Of one call, on a connection that stands'),
    alarms: list(z.string()),
  }),
  object({ endpoint: z.string(), state: z.literal('unavailable'), problem: problemItemSchema }),
]);

export const registryReportSchema = named('RegistryReport', 'The registry, as a gateway finds it', {
  kind: z.enum(['standalone', 'embedded', 'etcd']),
  hosted: z.boolean().describe('Whether this gateway runs it'),
  endpoints: list(endpointSchema),
  session: object({
    state: z.enum(['idle', 'converging', 'converged', 'cut-off', 'closed']),
    lease: z.string().optional().describe('Id of the lease in force, decimal'),
    pending: count.describe('Keys that wait to be written'),
    refused: count.describe('Keys that the registry would not take'),
    since: moment.optional().describe('Since when it is cut off'),
  }).optional(),
  watches: list(
    object({
      prefix: z.string(),
      state: z.enum(['listing', 'watching', 'stale']),
      revision: count.describe('Up to which all is known'),
      silenceMs: milliseconds.describe('Since the registry was last heard about it'),
      resyncs: count.describe('Lists after the first'),
    }),
  ),
  findings: list(findingSchema).describe('What is wrong, and what to do'),
});
