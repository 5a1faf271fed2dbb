/** Owns how the admin API says no: problem details (RFC 9457) with the same codes the CLI shows. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';

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

/** For octets that are no readable request: answered if the client still listens, and hung up on. */
export function refuseOctets(thrown: ConnectionError, socket: Socket): void {
  if (thrown.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = octetCodes[thrown.code ?? ''] ?? 'REQUEST_REFUSED';
  const error = new IsthmusError(code, {
    what: `The admin API can't read the request: ${thrown.message}`,
    ...(code === 'REQUEST_HEAD_TOO_LARGE' && { fix: 'Send fewer or shorter fields.' }),
  });
  const body = JSON.stringify(error.toProblem());
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const octetCodes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'REQUEST_HEAD_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TOO_SLOW',
};

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
  if (!isClientFault) return asIsthmusError(thrown);
  return new IsthmusError(codeOf(thrown), { what: thrown.message, cause: thrown });
}

/** The code of a fault in a request that no operation has seen yet. */
function codeOf(thrown: Error & { code?: string; statusCode?: number }): ErrorCode {
  if (thrown.statusCode === 415) return 'MEDIA_TYPE_UNSUPPORTED';
  const isBody = thrown instanceof SyntaxError || thrown.code?.startsWith('FST_ERR_CTP_');
  return isBody ? 'BODY_INVALID' : 'REQUEST_REFUSED';
}
