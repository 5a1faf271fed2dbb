/** Owns putting every write to the admin API into the audit, those that were refused too; of signs of life only these. */
import type { FastifyInstance } from 'fastify';
import type { AuditDraft } from '../events/audit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The operation that a request asks for and the object it is about, as far as they are known. */
    act?: {
      readonly operation: string;
      readonly object?: string | undefined;
      readonly isRoutine?: boolean;
    };
  }
  interface FastifyContextConfig {
    /** Requests of this route change nothing. */
    onlyAsks?: boolean;
  }
}

const readings = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxPathChars = 512;
const maxObjectChars = 256;

export function installAuditing(app: FastifyInstance, record: (entry: AuditDraft) => void): void {
  app.decorateRequest('act', undefined);
  app.addHook('onResponse', async (request, reply) => {
    if (readings.has(request.method) || request.routeOptions.config.onlyAsks) return;
    const { principal, act } = request;
    // What people did would be pushed out by what programs say all the time.
    if (act?.isRoutine && reply.statusCode < 400) return;
    record({
      who: principal?.name ?? 'unknown',
      role: principal?.role ?? 'none',
      from: request.ip ?? 'socket',
      method: request.method,
      path: (request.url.split('?')[0] ?? '').slice(0, maxPathChars),
      ...(act && { operation: act.operation }),
      ...(act?.object === undefined ? {} : { object: act.object.slice(0, maxObjectChars) }),
      status: reply.statusCode,
      ...(reply.problem === undefined ? {} : { code: reply.problem }),
    });
  });
}
