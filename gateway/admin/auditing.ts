/** Owns putting every write to the admin API into the audit, those that were refused too. */
import type { FastifyInstance } from 'fastify';
import type { AuditDraft } from '../events/audit.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What this route is asked changes nothing. */
    onlyAsks?: boolean;
  }
}

const readings = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxPathChars = 512;

export function installAuditing(app: FastifyInstance, record: (entry: AuditDraft) => void): void {
  app.addHook('onResponse', async (request, reply) => {
    if (readings.has(request.method) || request.routeOptions.config.onlyAsks) return;
    const { principal } = request;
    record({
      who: principal?.name ?? 'unknown',
      role: principal?.role ?? 'none',
      from: request.ip ?? 'socket',
      method: request.method,
      path: (request.url.split('?')[0] ?? '').slice(0, maxPathChars),
      status: reply.statusCode,
      ...(reply.problem === undefined ? {} : { code: reply.problem }),
    });
  });
}
