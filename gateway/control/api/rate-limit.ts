/** Owns how often one caller may ask: over ten seconds, so that a page that opens may ask for much at once. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { IsthmusError } from '../../../core/errors.ts';

const windowSeconds = 10;
/** Callers counted at once; the one that has been quiet longest is forgotten. */
const callers = 16_384;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** See `Operation`; default the caller. */
    countedBy?: 'caller' | 'path';
  }
}

/** Install it after the gate: who asks is known then. Health and files of the UI are not counted. */
export async function installRateLimit(app: FastifyInstance, perSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: perSecond * windowSeconds,
    timeWindow: windowSeconds * 1000,
    cache: callers,
    hook: 'preParsing',
    allowList: ({ routeOptions }) => routeOptions.config.role === 'anyone',
    keyGenerator: countedAs,
    errorResponseBuilder: (_request, { max, after }) =>
      new IsthmusError('RATE_LIMITED', {
        what: `More than ${max} requests in ${windowSeconds} s; the next is answered in ${after}`,
      }),
  });
}

/**
 * A caller is who it is known to be, wherever it asks from. An endpoint that is registered or kept alive counts for itself: all
 * programs of this machine are one caller, and those of a cluster may share a token.
 */
function countedAs({ principal, ip, routeOptions, url }: FastifyRequest): string {
  const from = principal?.via === 'local' ? ip : '';
  const path = routeOptions.config.countedBy === 'path' ? url.split('?')[0] : '';
  return `${principal?.via} ${principal?.name} ${from} ${path}`;
}
