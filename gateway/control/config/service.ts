/** Owns the part of the configuration for services: their endpoints, checks, balancing and time limits. */

import { z } from 'zod';
import { parseAddress } from '../../../core/address.ts';
import { serviceName } from '../../../core/names.ts';
import { endpointTlsSchema } from '../../../policy/endpoint-tls.ts';
import { checkSchema } from '../../../policy/health-check.ts';
import { balancePolicySchema, timeoutsSchema } from '../../../policy/traffic-schema.ts';
import { labelSchema } from '../../../registry/model.ts';
import { writtenPortsSchema } from '../../../registry/ports.ts';
import { defaultProtocol, protocols } from '../../../registry/protocols.ts';
import type { Registration } from '../catalog/registration.ts';
import { dialedAddressSchema } from './addresses.ts';
import { refuseTwice } from './lists.ts';

const endpointSchema = z.strictObject({
  id: labelSchema,
  /** host:port */
  address: dialedAddressSchema,
  zone: labelSchema.optional(),
  weight: z.int().min(0).max(1000).default(1),
  labels: z.record(z.string().max(63), z.string().max(255)).default({}),
  /** Named ports beside that of `address`, in place of the service's. */
  ports: writtenPortsSchema.optional(),
  /** In place of the service's. */
  check: checkSchema.optional(),
});

const serviceSchema = z.strictObject({
  name: labelSchema,
  namespace: labelSchema,
  /** Whether other clusters may use it. Default true. */
  exported: z.boolean().default(true),
  protocol: z.enum(protocols).default(defaultProtocol),
  /** Named ports of endpoints that name none themselves. */
  ports: writtenPortsSchema.optional(),
  check: checkSchema.optional(),
  /** TLS to its endpoints. Default: clear text. */
  tls: endpointTlsSchema.optional(),
  endpoints: z
    .array(endpointSchema)
    .superRefine(refuseTwice('id', ({ id }) => id))
    .default([]),
  balance: balancePolicySchema.optional(),
  timeouts: timeoutsSchema.optional(),
});

export const serviceListSchema = z
  .array(serviceSchema)
  .superRefine(refuseTwice('name', ({ name, namespace }) => `${name}.${namespace}`))
  .default([]);

type Services = Readonly<Record<'services', z.output<typeof serviceListSchema>>>;

/** The endpoints the configuration names; `zone` is that of those without one. What their service says of all of them is among the policies. */
export function configuredEndpoints(config: Services & { readonly zone: string }): Registration[] {
  return config.services.flatMap((service) =>
    service.endpoints.map((endpoint): Registration => {
      const { host, port } = parseAddress(endpoint.address);
      return {
        service: serviceName(service.namespace, service.name),
        id: endpoint.id,
        address: host,
        port,
        zone: endpoint.zone ?? config.zone,
        weight: endpoint.weight,
        labels: endpoint.labels,
        ports: endpoint.ports,
        exported: service.exported,
        source: 'config',
        check: endpoint.check,
      };
    }),
  );
}
