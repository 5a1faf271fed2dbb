/** Owns how the gateway's own refusals are said to gRPC clients: a response of a head alone, with a status of gRPC's. */
import type { ErrorCode, IsthmusError } from '../../../core/errors.ts';
import { fieldLines } from '../wire/http1/field-lines.ts';
import type { Exchange } from './exchange.ts';
import { isGrpc } from './grpc-type.ts';
import type { Fields, OutgoingResponse, ReceivedFields } from './message.ts';

const statusField = 'grpc-status';

/** The statuses that a gateway has a use for, by their names in the gRPC documentation. */
export const grpcStatus = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** Errors that mean more than their HTTP status says. */
const byCode: Partial<Record<ErrorCode, number>> = {
  UPSTREAM_TIMED_OUT: grpcStatus.deadlineExceeded,
  TIMED_OUT: grpcStatus.deadlineExceeded,
  DEADLINE_EXCEEDED: grpcStatus.deadlineExceeded,
  BODY_TOO_LARGE: grpcStatus.resourceExhausted,
  BACKEND_NOT_FOUND: grpcStatus.unavailable,
  // Taken for unavailable, it would be tried again at once.
  RATE_LIMITED: grpcStatus.resourceExhausted,
};

/** The gRPC status that a client takes an HTTP status for, as gRPC's "HTTP to gRPC Status Code Mapping" has it; all others are unknown. */
const byHttpStatus: Readonly<Record<number, number>> = {
  400: grpcStatus.internal,
  401: grpcStatus.unauthenticated,
  403: grpcStatus.permissionDenied,
  404: grpcStatus.unimplemented,
  429: grpcStatus.unavailable,
  502: grpcStatus.unavailable,
  503: grpcStatus.unavailable,
  504: grpcStatus.unavailable,
};

export function grpcStatusOf({ code, status }: Pick<IsthmusError, 'code' | 'status'>): number {
  return byCode[code] ?? grpcStatusOfHttp(status);
}

export function grpcStatusOfHttp(status: number): number {
  return byHttpStatus[status] ?? grpcStatus.unknown;
}

/**
 * What the response to a call of gRPC says in its trailers, or in a head that has none after it ("Trailers-Only"); undefined
 * where it says nothing.
 */
export function grpcStatusIn(head: ReceivedFields, trailers: Fields): number | undefined {
  const at = trailers.findIndex((name, i) => i % 2 === 0 && name === statusField);
  const text = at < 0 ? head.get(statusField) : trailers[at + 1];
  return text !== undefined && /^\d{1,2}$/.test(text) ? Number(text) : undefined;
}

/** How a call ends whose response had begun: any other end of it is INTERNAL to clients, which they do not try again. */
export function grpcTrailers(error: IsthmusError): Fields {
  const message = grpcMessage(`${error.code}: ${error.message}. ${error.fix}`);
  return [statusField, String(grpcStatusOf(error)), 'grpc-message', message];
}

/** Whether the client reads in trailers how its call went. Another gateway is told by a reset, which nobody takes for the end. */
export function endsInTrailers({ peer, head }: Exchange): boolean {
  return peer.kind !== 'gateway' && head.protocol === '2' && isGrpc(head.fields);
}

/**
 * The refusal as a "Trailers-Only" response, whose head ends it. `extra`: further fields for the caller.
 */
export function grpcRefusal(error: IsthmusError, extra: Fields = []): OutgoingResponse {
  const fields = ['content-type', 'application/grpc', ...grpcTrailers(error), ...extra];
  return {
    status: 200,
    fields: { list: () => fields, lines: () => fieldLines(fields) },
    bodyLength: 'none',
  };
}

/** Percent-encoded UTF-8, but for visible ASCII and the space (gRPC over HTTP/2, Status-Message). */
function grpcMessage(text: string): string {
  let encoded = '';
  for (const octet of Buffer.from(text)) {
    const plain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25;
    encoded += plain
      ? String.fromCharCode(octet)
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
