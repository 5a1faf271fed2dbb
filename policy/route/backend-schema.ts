/** Owns how it is written where a rule leads: services, by weight, whole or in part; and whom a Route is for. */
import { z } from 'zod';
import { clusterNameSchema, labelSchema } from '../../registry/model.ts';
import { portNameSchema } from '../../registry/ports.ts';

/** A backend as filters name it, and as rules do. */
export const backendFields = {
  name: labelSchema.describe('Name of the service'),
  namespace: labelSchema.optional().describe("Its namespace; default the Route's"),
  cluster: clusterNameSchema
    .optional()
    .describe(
      'The only cluster that may serve it; default whichever the balancing of the service has',
    ),
  subset: z
    .record(z.string().min(1).max(63), z.string().max(255))
    .refine((labels) => Object.keys(labels).length <= 8, 'use at most 8 labels')
    .refine((labels) => Object.keys(labels).length > 0, 'name a label, or leave it out')
    .optional()
    .describe('Labels of the endpoints that may serve it, all of which they have; default any'),
  portName: portNameSchema
    .optional()
    .describe('Name of its port; default the port that was asked for'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'In place of `portName`, its number: where no port with a name is registered with that, the port that has none is meant',
    ),
};

/** For one port, not for two. */
export function saysOnePort(ref: {
  readonly portName?: string | undefined;
  readonly port?: number | undefined;
}): boolean {
  return ref.portName === undefined || ref.port === undefined;
}

export const onePort = { path: ['port'], message: 'say portName or port, not both' };

export const backendSchema = z.strictObject(backendFields).refine(saysOnePort, onePort);

/** The Gateway API's: without a kind it is a Gateway. */
export const parentRefSchema = z.strictObject({
  kind: z
    .enum(['Gateway', 'Service'])
    .default('Gateway')
    .describe(
      'Service: requests for the service by its own name. Gateway: requests for the hostnames, at listeners of that name',
    ),
  name: labelSchema.describe(
    'The service; or outbound, the listener for clients of the own cluster, ingress, all ingresses, or one by its place in the configuration: ingress-0 is the first',
  ),
  namespace: labelSchema.optional().describe("Namespace of the service; default the Route's"),
});

/** A DNS name in lower case, or `*.` and one; an IP address is none. */
export const hostnameSchema = z
  .string()
  .max(253)
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'use a DNS name in lower case, or *. and one',
  )
  .refine((name) => !/^[\d.]+$/.test(name), 'use a name: an IP address is none');
