/** Owns the policy by which a cluster offers a service to the others, or keeps it; named after `ServiceExport` of the Multi-Cluster Services API. */
import { z } from 'zod';
import type { ClusterName } from '../core/names.ts';
import { clusterNameSchema } from '../registry/model.ts';

export interface ServiceExport {
  readonly exported: boolean;
  /** Absent: every other cluster may use it. */
  readonly to?: readonly ClusterName[] | undefined;
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
  })
  .refine(({ exported, to }) => exported || to === undefined, {
    path: ['to'],
    message: 'leave it out where exported is false: no cluster may use the service then',
  });
