/** Owns the admin API's routes that register, keep alive and deregister endpoints. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { IsthmusError } from '../../core/errors.ts';
import { isLabel, type ServiceName, serviceName } from '../../core/names.ts';
import { endpointBodySchema, parseInput } from './bodies.ts';
import type { Control } from './control.ts';

const path = '/v1/services/:namespace/:service/endpoints/:id';
type EndpointRequest = FastifyRequest<{
  Params: { namespace: string; service: string; id: string };
}>;

export function installServiceRoutes(app: FastifyInstance, control: Control): void {
  app.put(path, async (request: EndpointRequest) => {
    const { service, id } = endpointOf(request);
    const { ttl, deregisterAfter, ...body } = parseInput(endpointBodySchema, request.body);
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
  });
  app.put(`${path}/heartbeat`, async (request: EndpointRequest) => {
    const { service, id } = endpointOf(request);
    const { health, reason } = control.heartbeat(service, id);
    return { service, id, health, reason };
  });
  app.delete(path, async (request: EndpointRequest, reply) => {
    const { service, id } = endpointOf(request);
    await control.deregister(service, id);
    return reply.code(204).send();
  });
}

function endpointOf(request: EndpointRequest): { service: ServiceName; id: string } {
  const { namespace, service, id } = request.params;
  if (!isLabel(id)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(id.slice(0, 80))} is not a valid endpoint id`,
    });
  }
  return { service: serviceName(namespace, service), id };
}
