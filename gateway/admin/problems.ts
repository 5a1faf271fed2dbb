/** Owns how the admin API says no: problem details (RFC 9457) with the same codes the CLI shows. */
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Code of the problem that was answered. */
    problem: ErrorCode | undefined;
  }
}

export function sendProblem(reply: FastifyReply, error: IsthmusError): FastifyReply {
  reply.problem = error.code;
  return reply.code(error.status).type('application/problem+json').send(error.toProblem());
}

/** For requests that no route sees: the URL itself is at fault. */
export function refuseUrl(thrown: FastifyError, _request: unknown, reply: FastifyReply): void {
  sendProblem(reply, new IsthmusError('REQUEST_REFUSED', { what: thrown.message, cause: thrown }));
}

export function installProblems(app: FastifyInstance, log: Log): void {
  app.decorateReply('problem', undefined);
  app.setErrorHandler((thrown: Error & { code?: string; statusCode?: number }, request, reply) => {
    const error = fromFastify(thrown);
    if (error.code === 'INTERNAL')
      log.error({ err: thrown, path: request.url }, 'the admin API failed');
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new IsthmusError('ROUTE_NOT_FOUND', {
        what: `The admin API has no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`,
        fix: 'See docs/reference.md for what there is.',
      }),
    ),
  );
}

function fromFastify(thrown: Error & { code?: string; statusCode?: number }): IsthmusError {
  if (thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new IsthmusError('BODY_TOO_LARGE', {
      what: 'The body is over the limit of the admin API, 1 MiB',
    });
  }
  const isClientFault = thrown.statusCode !== undefined && thrown.statusCode < 500;
  if (isClientFault)
    return new IsthmusError('BODY_INVALID', { what: thrown.message, cause: thrown });
  return asIsthmusError(thrown);
}
