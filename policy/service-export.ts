/** Owns the policy by which a cluster offers a service to the others, or keeps it; named after `ServiceExport` of the Multi-Cluster Services API. */
import { z } from 'zod';
import type { ClusterName, ServiceName } from '../core/names.ts';
import { clusterNameSchema, serviceNameSchema } from '../registry/model.ts';

export interface ServiceExport {
  readonly exported: boolean;
  /** Absent: every other cluster may use it. */
  readonly to?: readonly ClusterName[] | undefined;
  /** The name by which other clusters know it, and by no other; absent: its own. */
  readonly as?: ServiceName | undefined;
}

/**
 * There, that it exists says that a service is exported. Here services are exported by default, so that it says the
 * contrary as well.
 */
export const serviceExportSchema = z
  .strictObject({
    exported: z
      .boolean()
      .default(true)
      .describe(
        'Whether other clusters may use the service, whatever its endpoints were registered with',
      ),
    to: z
      .array(clusterNameSchema)
      .min(1)
      .max(256)
      .optional()
      .describe('The only clusters that may use it; default all'),
    as: serviceNameSchema
      .optional()
      .describe(
        'Name by which the others know it, as cart.shop, in place of its own; where this cluster exports a service of that very name, that one is meant',
      ),
  })
  .refine(({ exported, to }) => exported || to === undefined, {
    path: ['to'],
    message: 'leave it out where exported is false: no cluster may use the service then',
  })
  .refine(({ exported, as }) => exported || as === undefined, {
    path: ['as'],
    message: 'leave it out where exported is false: nobody is told of the service then',
  });

/** Its own name is no other. */
export function exportOf(
  { exported, to, as }: z.output<typeof serviceExportSchema>,
  service: ServiceName,
): ServiceExport {
  return { exported, ...(to && { to }), ...(as !== undefined && as !== service && { as }) };
}
