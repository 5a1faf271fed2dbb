/** Owns the policy by which a cluster offers a service to the others, or keeps it; named after `ServiceExport` of the Multi-Cluster Services API. */
import { z } from 'zod';

export interface ServiceExport {
  readonly exported: boolean;
}

/**
 * There, that it exists says that a service is exported. Here services are exported by default, so that it says the
 * contrary as well.
 */
export const serviceExportSchema = z.strictObject({
  exported: z
    .boolean()
    .default(true)
    .describe(
      'Whether other clusters may use the service, whatever its endpoints were registered with',
    ),
});
