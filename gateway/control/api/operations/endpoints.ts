/** Owns the operations on the endpoints of this cluster: registering them, keeping them alive, deregistering them, one or many. */
import type { z } from 'zod';
import { IsthmusError } from '../../../../core/errors.ts';
import { type ServiceName, serviceName } from '../../../../core/names.ts';
import type { Registration } from '../../catalog/registration.ts';
import { type EndpointBody, endpointsBodySchema } from '../bodies.ts';
import type { Control } from '../control.ts';
import { firstOf } from '../list.ts';
import { type Operation, operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { endpointResource } from '../resources/endpoint.ts';
import {
  changedEndpointsSchema,
  heartbeatSchema,
  registeredEndpointSchema,
} from '../schema/services.ts';
import { endpointKey } from '../view/items.ts';

const { tag } = endpointResource;
/** Endpoints, of many that are changed at once, whose changes are in the audit. */
const mostTold = 20;
type EndpointParams = z.output<typeof endpointResource.params>;

export function endpointOperations(control: Control): Operation[] {
  const find = (params: EndpointParams) => {
    const { service, id } = endpointOf(params);
    return control.endpoint(service, id);
  };
  return [...single(control, find), signOfLife(control, find), many(control)];
}

type Find = (params: EndpointParams) => ReturnType<Control['endpoint']>;

function single(control: Control, find: Find): Operation[] {
  return resourceOperations(
    endpointResource,
    {
      find,
      get(params) {
        const found = find(params);
        if (found) return found;
        const { service, id } = endpointOf(params);
        throw new IsthmusError('ENDPOINT_NOT_FOUND', {
          what: `${service} has no endpoint ${id} in this cluster`,
        });
      },
      put: (params, body) =>
        control.register(registrationOf({ ...endpointOf(params), ...body }, control.defaultZone)),
      async delete(params) {
        const { service, id } = endpointOf(params);
        await control.deregister(service, id);
      },
      list: {
        key: endpointKey,
        items: ({ service }) => control.endpoints(service),
        page: ({ service }, { after, limit }) =>
          firstOf(control.endpointsAfter(after, service), limit),
      },
      object: ({ namespace, service, id }, { address, port }) =>
        `${service}.${namespace}, ${id} at ${address}:${port}`,
      countedBy: 'path',
    },
    registeredEndpointSchema,
  );
}

function signOfLife(control: Control, find: Find): Operation {
  return operation({
    method: 'PUT',
    path: `${endpointResource.path}/heartbeat`,
    id: 'heartbeat',
    tag,
    summary: 'A sign of life of an endpoint; registering it again is one too',
    role: 'operator',
    countedBy: 'path',
    params: endpointResource.params,
    answer: heartbeatSchema,
    derived: endpointResource.derived ?? [],
    current: ({ params }) => find(params),
    isRoutine: () => true,
    handle({ params }) {
      const { service, id } = endpointOf(params);
      const { health, reason } = control.heartbeat(service, id);
      return { service, id, health, reason };
    },
  });
}

function many(control: Control): Operation {
  return operation({
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
    state: ({ body: { register, deregister } }) =>
      Object.fromEntries(
        [...register, ...deregister]
          .slice(0, mostTold)
          .map(({ service, id }) => [`${service}/${id}`, lasting(control.endpoint(service, id))]),
      ),
    handle: ({ body: { register, heartbeat, deregister } }) =>
      control.changeEndpoints({
        register: register.map((one) => registrationOf(one, control.defaultZone)),
        heartbeat,
        deregister,
      }),
  });
}

function lasting(endpoint: ReturnType<Control['endpoint']>) {
  const fields = Object.entries(endpoint ?? {});
  const { derived = [] } = endpointResource;
  return endpoint && Object.fromEntries(fields.filter(([name]) => !derived.includes(name)));
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

function endpointOf({ namespace, service, id }: EndpointParams): {
  service: ServiceName;
  id: string;
} {
  return { service: serviceName(namespace, service), id };
}
