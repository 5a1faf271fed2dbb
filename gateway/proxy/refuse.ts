/** Owns the answer the gateway gives itself: a coded problem (RFC 9457). */
import type { ErrorCode, IsthmusError } from '../../core/errors.ts';
import type { Exchange } from './exchange.ts';
import { grpcRefusal, grpcStatusOf, isGrpc } from './grpc-status.ts';
import { failedField, refusedField } from './headers.ts';
import { OwnFields } from './response-fields.ts';

/** Refusals that another cluster might not make, so that the asking gateway may try one. */
const worthTryingElsewhere: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_HEALTHY_ENDPOINT',
  'DRAINING',
  'OVERLOADED',
  'ROUTE_NOT_FOUND',
  'NOT_EXPORTED',
  'UPSTREAM_FAILED',
  'UPSTREAM_TIMED_OUT',
  'RETRY_BUDGET_SPENT',
]);

/** What the client is told of a refusal: the status of HTTP, and that of gRPC where it is said in gRPC's own way. */
export function statusesOf(
  { peer, head }: Exchange,
  error: IsthmusError,
): { readonly status: number; readonly grpcStatus: number | undefined } {
  return peer.kind !== 'gateway' && isGrpc(head.fields)
    ? { status: 200, grpcStatus: grpcStatusOf(error) }
    : { status: error.status, grpcStatus: undefined };
}

/**
 * Answers with a problem, or in gRPC's own way where that is asked for. `sent` says whether the request may
 * have reached an endpoint; a gateway that asked is told by a reserved field, everybody else only by the problem.
 */
export function refuse(exchange: Exchange, error: IsthmusError, sent: 'no' | 'maybe'): void {
  const { peer, head } = exchange;
  if (peer.kind !== 'gateway' && isGrpc(head.fields)) {
    exchange.respond(grpcRefusal(error), true);
    return;
  }
  const body = problemBody(error);
  const fields = ['content-type', 'application/problem+json', 'cache-control', 'no-store'];
  if (error.status === 503) fields.push('retry-after', '1');
  if (peer.kind === 'gateway' && worthTryingElsewhere.has(error.code)) {
    fields.push(sent === 'no' ? refusedField : failedField, error.code);
  }
  const response = {
    status: error.status,
    fields: new OwnFields(fields),
    bodyLength: body.length,
  };
  if (head.method === 'HEAD') {
    exchange.respond(response, true);
    return;
  }
  exchange.respond(response, false);
  exchange.write(body);
  exchange.end();
}

function problemBody(error: IsthmusError): Buffer {
  return Buffer.from(`${JSON.stringify(error.toProblem())}\n`);
}
