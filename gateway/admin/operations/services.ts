/** Owns the operations on what is served: services, endpoints, exports, and why requests go where they go. */
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import { isLabel, parseServiceName, type ServiceName, serviceName } from '../../../core/names.ts';
import {
  clusterQuery,
  endpointBodySchema,
  excludedClusters,
  explainQuerySchema,
  serviceQuery,
} from '../bodies.ts';
import type { Control } from '../control.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { explanationSchema } from '../schema/explanation.ts';
import {
  endpointItemSchema,
  exportItemSchema,
  heartbeatSchema,
  registeredEndpointSchema,
  serviceItemSchema,
} from '../schema/services.ts';

const tag = 'Services';
const endpointPath = '/v1/services/{namespace}/{service}/endpoints/{id}';
/** Their rules are those of names: a wrong one is refused as such. */
const endpointParams = z.strictObject({
  namespace: z.string(),
  service: z.string(),
  id: z.string(),
});
type EndpointParams = z.output<typeof endpointParams>;

export function serviceOperations(control: Control): Operation[] {
  return [...readings(control), ...writings(control)];
}

function readings(control: Control): Operation[] {
  return [
    listing({
      path: '/v1/services',
      id: 'listServices',
      tag,
      summary: 'The services of the federation, here and elsewhere',
      role: 'viewer',
      item: serviceItemSchema,
      key: ({ service }) => service,
      items: () => control.services(),
    }),
    listing({
      path: '/v1/endpoints',
      id: 'listEndpoints',
      tag,
      summary: "The endpoints of this gateway's own cluster",
      role: 'viewer',
      query: serviceQuery,
      item: endpointItemSchema,
      key: ({ service, id }) => `${service} ${id}`,
      items: ({ query: { service } }) => control.endpoints(service),
    }),
    listing({
      path: '/v1/exports',
      id: 'listExports',
      tag,
      summary: 'What clusters export, by locality',
      role: 'viewer',
      query: clusterQuery,
      item: exportItemSchema,
      key: ({ service, cluster }) => `${service} ${cluster}`,
      items: ({ query: { cluster } }) => control.exports(cluster),
    }),
    operation({
      method: 'GET',
      path: '/v1/explain/{service}',
      id: 'explain',
      tag,
      summary: 'The balancing decision for a service, candidate by candidate',
      role: 'viewer',
      params: z.strictObject({ service: z.string() }),
      query: explainQuerySchema,
      answer: explanationSchema,
      handle: ({ params, query: { from, without } }) =>
        control.explain(parseServiceName(params.service), from, excludedClusters(without)),
    }),
    operation({
      method: 'GET',
      path: endpointPath,
      id: 'getEndpoint',
      tag,
      summary: 'One endpoint of this cluster',
      role: 'viewer',
      params: endpointParams,
      answer: endpointItemSchema,
      handle({ params }) {
        const { service, id } = endpointOf(params);
        const found = control.endpoint(service, id);
        if (found) return found;
        throw new IsthmusError('ENDPOINT_NOT_FOUND', {
          what: `${service} has no endpoint ${id} in this cluster`,
        });
      },
    }),
  ];
}

function writings(control: Control): Operation[] {
  const current = ({ params }: { readonly params: EndpointParams }) => {
    const { service, id } = endpointOf(params);
    return control.endpoint(service, id);
  };
  return [
    operation({
      method: 'PUT',
      path: endpointPath,
      id: 'putEndpoint',
      tag,
      summary: 'Registers an endpoint, or replaces it',
      role: 'operator',
      params: endpointParams,
      body: endpointBodySchema,
      answer: registeredEndpointSchema,
      current,
      handle({ params, body: { ttl, deregisterAfter, ...body } }) {
        const { service, id } = endpointOf(params);
        if (deregisterAfter !== undefined && (ttl === undefined || deregisterAfter < ttl)) {
          throw new IsthmusError('BODY_INVALID', {
            what: 'deregisterAfter needs a ttl, and is at least as long',
            where: 'deregisterAfter',
          });
        }
        return control.register({
          ...body,
          service,
          id,
          zone: body.zone ?? control.defaultZone,
          source: 'api',
          ttlMs: ttl,
          deregisterAfterMs: deregisterAfter,
        });
      },
    }),
    operation({
      method: 'PUT',
      path: `${endpointPath}/heartbeat`,
      id: 'heartbeat',
      tag,
      summary: 'A sign of life of an endpoint; registering it again is one too',
      role: 'operator',
      params: endpointParams,
      answer: heartbeatSchema,
      current,
      handle({ params }) {
        const { service, id } = endpointOf(params);
        const { health, reason } = control.heartbeat(service, id);
        return { service, id, health, reason };
      },
    }),
    operation({
      method: 'DELETE',
      path: endpointPath,
      id: 'deleteEndpoint',
      tag,
      summary: 'Deregisters an endpoint',
      role: 'operator',
      params: endpointParams,
      current,
      async handle({ params }) {
        const { service, id } = endpointOf(params);
        await control.deregister(service, id);
      },
    }),
  ];
}

/** Throws NAME_INVALID. */
function endpointOf(params: EndpointParams): { service: ServiceName; id: string } {
  const { namespace, service, id } = params;
  if (!isLabel(id)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(id.slice(0, 80))} is not a valid endpoint id`,
    });
  }
  return { service: serviceName(namespace, service), id };
}
