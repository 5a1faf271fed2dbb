/** Owns the answer the gateway gives itself: a coded problem (RFC 9457). */
import type { ErrorCode, IsthmusError } from '../../../../core/errors.ts';
import type { Exchange } from '../../message/exchange.ts';
import { grpcRefusal, grpcStatusOf } from '../../message/grpc-status.ts';
import { isGrpc } from '../../message/grpc-type.ts';
import { failedField, refusedField, whyField } from '../../message/headers.ts';
import type { Fields } from '../../message/message.ts';
import { OwnFields } from '../../message/response-fields.ts';
import { isFinal } from '../retry.ts';

/** Refusals that are no answer of the service's: the asking gateway may try another cluster, or knows better. */
const saidByCode: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NO_HEALTHY_ENDPOINT',
  'DRAINING',
  'OVERLOADED',
  'NOT_READY',
  'ROUTE_NOT_FOUND',
  'NOT_EXPORTED',
  'ACCESS_DENIED',
  'KEYS_UNAVAILABLE',
  'UPSTREAM_FAILED',
  'UPSTREAM_TIMED_OUT',
  'DEADLINE_EXCEEDED',
  'RETRY_BUDGET_SPENT',
  'CIRCUIT_OPEN',
  'RESPONSE_REFUSED',
  'ENDPOINT_SPEAKS_HTTP2',
  'ENDPOINT_TLS_FAILED',
]);

/** Characters that another gateway is told of why. */
const mostSaid = 512;

/** The statuses that tell a client of a refusal: HTTP's, and gRPC's where it is told in gRPC's own way. */
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
 * have reached an endpoint; a gateway that asked is told by a reserved field, everybody else only by the problem. `more` are fields besides.
 */
export function refuse(
  exchange: Exchange,
  error: IsthmusError,
  sent: 'no' | 'maybe',
  more: Fields = [],
): void {
  const { peer, head, passage } = exchange;
  const besides = [...more, ...(passage?.response?.fields ?? [])];
  if (peer.kind !== 'gateway' && isGrpc(head.fields)) {
    exchange.respond(grpcRefusal(error, besides), true);
    return;
  }
  const body = problemBody(error);
  const fields = ['content-type', 'application/problem+json', 'cache-control', 'no-store'];
  if (error.status === 503 && !more.includes('retry-after')) fields.push('retry-after', '1');
  fields.push(...besides);
  if (peer.kind === 'gateway' && saidByCode.has(error.code)) {
    fields.push(sent === 'no' ? refusedField : failedField, error.code);
    if (saysWhatToCorrect(error.code)) fields.push(whyField, printable(error.message));
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

/** Whether its message is of use to the clients of another cluster: it says what is wrong with the service. */
function saysWhatToCorrect(code: ErrorCode): boolean {
  return isFinal(code) || code === 'ENDPOINT_SPEAKS_HTTP2' || code === 'ENDPOINT_TLS_FAILED';
}

/** The text as a field's value. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, mostSaid);
}

function problemBody(error: IsthmusError): Buffer {
  return Buffer.from(`${JSON.stringify(error.toProblem())}\n`);
}
