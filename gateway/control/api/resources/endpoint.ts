/** Owns the declaration of an endpoint of a service, as its owner registers it. */
import { z } from 'zod';
import { labelSchema } from '../../../../registry/model.ts';
import { endpointBodySchema, serviceQuery } from '../bodies.ts';
import { resource } from '../resource.ts';
import { endpointItemSchema } from '../schema/services.ts';

export const endpointResource = resource({
  name: 'endpoint',
  plural: 'endpoints',
  tag: 'Services',
  summary: 'An endpoint of a service in the cluster of the gateway that it is registered with',
  path: '/v1/services/{namespace}/{service}/endpoints/{id}',
  collection: '/v1/endpoints',
  query: serviceQuery,
  params: z.strictObject({
    namespace: labelSchema.describe('Namespace of the service'),
    service: labelSchema.describe('Name of the service in its namespace'),
    id: labelSchema.describe('Name of the endpoint in its service'),
  }),
  body: endpointBodySchema,
  answer: endpointItemSchema,
  chosen: ['zone', 'protocol', 'ports'],
  // They are for its checks and heartbeats to say, and for policies of its service, not for who registers it.
  derived: ['health', 'reason', 'protocol', 'ports', 'exported'],
  role: 'operator',
  says: {
    list: "The endpoints of this gateway's own cluster",
    get: 'One endpoint of this cluster',
    put: 'Registers an endpoint, or replaces it',
    delete: 'Deregisters an endpoint',
  },
});
