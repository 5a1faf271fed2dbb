/** Owns the operations on what is served: services, endpoints, exports, and why requests go where they go. */
import { z } from 'zod';
import { IsthmusError } from '../../../../core/errors.ts';
import {
  isLabel,
  parseServiceName,
  type ServiceName,
  serviceName,
} from '../../../../core/names.ts';
import type { Registration } from '../../catalog/registration.ts';
import {
  clusterQuery,
  type EndpointBody,
  endpointBodySchema,
  endpointsBodySchema,
  excludedClusters,
  explainQuerySchema,
  serviceQuery,
} from '../bodies.ts';
import type { Control } from '../control.ts';
import { listing } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { explanationSchema } from '../schema/explanation.ts';
import {
  changedEndpointsSchema,
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
/** They are for its checks and heartbeats to say, not for who registers it. */
const derived: readonly (keyof z.output<typeof endpointItemSchema>)[] = ['health', 'reason'];

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
      derived,
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
      countedBy: 'path',
      body: endpointBodySchema,
      answer: registeredEndpointSchema,
      derived,
      current,
      object: ({ params, body: { address, port } }) =>
        `${params.service}.${params.namespace}, ${params.id} at ${address}:${port}`,
      handle: ({ params, body }) =>
        control.register(registrationOf({ ...endpointOf(params), ...body }, control.defaultZone)),
    }),
    operation({
      method: 'PUT',
      path: `${endpointPath}/heartbeat`,
      id: 'heartbeat',
      tag,
      summary: 'A sign of life of an endpoint; registering it again is one too',
      role: 'operator',
      countedBy: 'path',
      params: endpointParams,
      answer: heartbeatSchema,
      derived,
      current,
      isRoutine: () => true,
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
      countedBy: 'path',
      params: endpointParams,
      derived,
      current,
      async handle({ params }) {
        const { service, id } = endpointOf(params);
        await control.deregister(service, id);
      },
    }),
    operation({
      method: 'POST',
      path: '/v1/endpoints',
      id: 'changeEndpoints',
      tag,
      summary: 'Registers, keeps alive and deregisters many endpoints at once',
      role: 'operator',
      body: endpointsBodySchema,
      answer: changedEndpointsSchema,
      isRoutine: ({ body: { register, deregister } }) => register.length + deregister.length === 0,
      object({ body: { register, heartbeat, deregister } }, answer) {
        const what = `registered ${several(register)}, beat ${several(heartbeat)}, deregistered ${several(deregister)}`;
        const refused = answer?.refused ?? [];
        return refused.length === 0 ? what : `${what}; of these refused ${several(refused)}`;
      },
      handle: ({ body: { register, heartbeat, deregister } }) =>
        control.changeEndpoints({
          register: register.map((one) => registrationOf(one, control.defaultZone)),
          heartbeat,
          deregister,
        }),
    }),
  ];
}

/** `2 (orders.shop/a, orders.shop/b)`, of many the first few. */
function several(endpoints: readonly { service: string; id: string }[]): string {
  const names = endpoints.slice(0, 3).map(({ service, id }) => `${service}/${id}`);
  const more = endpoints.length > names.length ? ', ...' : '';
  return `${endpoints.length}${names.length > 0 ? ` (${names.join(', ')}${more})` : ''}`;
}

function registrationOf(
  { ttl, deregisterAfter, zone, ...same }: EndpointBody & Pick<Registration, 'service' | 'id'>,
  defaultZone: string,
): Registration {
  return {
    ...same,
    zone: zone ?? defaultZone,
    source: 'api',
    ttlMs: ttl,
    deregisterAfterMs: deregisterAfter,
  };
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
