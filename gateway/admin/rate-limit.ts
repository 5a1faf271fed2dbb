/** Owns how often one caller may ask: over ten seconds, so that a page that opens may ask for much at once. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { IsthmusError } from '../../core/errors.ts';

const windowSeconds = 10;
/** Callers counted at once; the one that has been quiet longest is forgotten. */
const callers = 4096;

/** Install it after the gate: who asks is known then. Health and files of the UI are not counted. */
export async function installRateLimit(app: FastifyInstance, perSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: perSecond * windowSeconds,
    timeWindow: windowSeconds * 1000,
    cache: callers,
    hook: 'preParsing',
    allowList: ({ routeOptions }) => routeOptions.config.role === 'anyone',
    keyGenerator: ({ principal, ip }) => `${principal?.via} ${principal?.name} ${ip}`,
    errorResponseBuilder: (_request, { max, after }) =>
      new IsthmusError('RATE_LIMITED', {
        what: `More than ${max} requests in ${windowSeconds} s; the next is answered in ${after}`,
      }),
  });
}
