/** Owns what every request to the admin API passes first: whose page it comes from, who asks, and whether they may. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import { allows, type Role } from '../../roles.ts';
import { sendProblem } from '../problems.ts';
import type { Principal } from './principal.ts';
import { foreign, type Site } from './site.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Least role of a route; where a route names none it takes the most. */
    role?: Role | 'anyone';
  }
  interface FastifyRequest {
    principal: Principal | undefined;
  }
}

/** How requests of one listener are judged. */
export interface Access {
  /** Absent where no browser can come from: another gateway. */
  readonly site?: Site;
  /** Throws UNAUTHENTICATED. */
  authenticate(request: FastifyRequest): Principal | Promise<Principal>;
}

/** `accessOf` finds the listener that a request came by. */
export function installGate(
  app: FastifyInstance,
  accessOf: (request: FastifyRequest) => Access,
): void {
  app.decorateRequest('principal', undefined);
  app.addHook('onRequest', async (request, reply) => {
    try {
      await admit(request, accessOf(request));
    } catch (thrown) {
      return refuse(reply, asIsthmusError(thrown));
    }
  });
}

/** The principal that asks. */
export function principalOf(request: FastifyRequest): Principal {
  return request.principal ?? nobody;
}

/** The principal of requests that anyone may make. */
const nobody: Principal = { name: 'anyone', role: 'viewer', via: 'local' };

async function admit(request: FastifyRequest, access: Access): Promise<void> {
  // RFC 9112 section 3.2: whoever counts one may be told of the other.
  if (hostsOf(request) > 1) {
    throw new IsthmusError('REQUEST_REFUSED', { what: 'There is more than one Host field' });
  }
  const why = access.site && foreign(access.site, request.method, request.headers);
  if (why !== undefined) throw new IsthmusError('ORIGIN_REFUSED', { what: why });
  // What there is not is the same for everyone.
  const needed = request.is404 ? 'anyone' : (request.routeOptions.config.role ?? 'admin');
  if (needed === 'anyone') return;
  request.principal = await access.authenticate(request);
  const { name, role } = request.principal;
  if (allows(role, needed)) return;
  throw new IsthmusError('FORBIDDEN', {
    what: `${name} has the role ${role}; this takes ${needed}`,
    where: `${request.method} ${request.url.split('?')[0]}`,
  });
}

function hostsOf({ raw }: FastifyRequest): number {
  return raw.headersDistinct['host']?.length ?? 0;
}

function refuse(reply: FastifyReply, error: IsthmusError): FastifyReply {
  if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer realm="isthmus"');
  return sendProblem(reply, error);
}
