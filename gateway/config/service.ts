/** Owns the part of the configuration for services: their endpoints, checks, balancing and time limits. */
import { z } from 'zod';
import { parseAddress } from '../../core/address.ts';
import { durationSchema } from '../../core/duration.ts';
import { type ServiceName, serviceName } from '../../core/names.ts';
import { labelSchema, protocols } from '../../registry/model.ts';
import { balancePolicySchema } from '../balance/policy.ts';
import type { BalancePolicy } from '../balance/types.ts';
import type { Registration } from '../catalog/catalog.ts';
import { checkSchema } from '../health/check.ts';
import { defaultTimeouts } from '../proxy/route.ts';
import { dialedAddressSchema } from './addresses.ts';
import type { GatewayConfig } from './config.ts';
import { refuseTwice } from './lists.ts';

export const timeoutsSchema = z.strictObject({
  /** From the end of the request to the response's head, retries included. Default 30s. */
  request: durationSchema.default(defaultTimeouts.requestMs),
  /** To an endpoint or gateway. Default 1s. */
  connect: durationSchema.default(defaultTimeouts.connectMs),
  /** Of one try, to the response's head; 0 = only the request timeout. Default 0. */
  perTry: durationSchema.default(defaultTimeouts.perTryMs),
  /** Without a byte in either direction. Default 5m. */
  idle: durationSchema.default(defaultTimeouts.idleMs),
});

const endpointSchema = z.strictObject({
  id: labelSchema,
  /** host:port */
  address: dialedAddressSchema,
  zone: labelSchema.optional(),
  weight: z.int().min(1).max(1000).default(1),
  labels: z.record(z.string().max(63), z.string().max(255)).default({}),
});

const serviceSchema = z.strictObject({
  name: labelSchema,
  namespace: labelSchema,
  /** Whether other clusters may use it. Default true. */
  exported: z.boolean().default(true),
  protocol: z.enum(protocols).default('http'),
  check: checkSchema.optional(),
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

/** The endpoints the configuration names. */
export function configuredEndpoints(config: GatewayConfig): Registration[] {
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
        protocol: service.protocol,
        exported: service.exported,
        source: 'config',
        check: service.check,
      };
    }),
  );
}

/** The balancing policy of a service: its own where it has one, else the gateway's. */
export function policyOf(
  { services, balance }: GatewayConfig,
  service: ServiceName,
): BalancePolicy {
  const own = services.find(({ name, namespace }) => service === `${name}.${namespace}`);
  return own?.balance ?? balance;
}
