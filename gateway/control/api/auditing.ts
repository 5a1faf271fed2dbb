/** Owns putting every write to the admin API into the audit, before it is answered, those that were refused too; of signs of life only these. */
import type { FastifyInstance } from 'fastify';
import type { Difference } from '../audit/differences.ts';
import type { AuditDraft } from '../audit/entry.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The operation that a request asks for, the object it is about and what it changed there, as far as they are known. */
    act?: {
      readonly operation: string;
      readonly object?: string | undefined;
      readonly changes?: readonly Difference[];
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

/** Who is answered can rely on it: what `record` resolved for is known after a crash. */
export function installAuditing(
  app: FastifyInstance,
  record: (entry: AuditDraft) => Promise<void>,
): void {
  app.decorateRequest('act', undefined);
  app.addHook('onSend', async (request, reply, payload) => {
    if (readings.has(request.method) || request.routeOptions.config.onlyAsks) return payload;
    const { principal, act } = request;
    // What people did would be pushed out by what programs say all the time.
    if (act?.isRoutine && reply.statusCode < 400) return payload;
    await record({
      who: principal?.name ?? 'unknown',
      via: principal?.via ?? 'none',
      role: principal?.role ?? 'none',
      from: request.ip ?? 'socket',
      method: request.method,
      path: (request.url.split('?')[0] ?? '').slice(0, maxPathChars),
      ...(act && { operation: act.operation }),
      ...(act?.object === undefined ? {} : { object: act.object.slice(0, maxObjectChars) }),
      status: reply.statusCode,
      ...(reply.problem === undefined ? {} : { code: reply.problem }),
      ...(act?.changes === undefined ? {} : { changes: act.changes }),
    });
    return payload;
  });
}
