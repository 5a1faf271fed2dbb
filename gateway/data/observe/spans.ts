/** Owns requests and tries as spans, in the words of OpenTelemetry's semantic conventions for HTTP. */
import { formatAddress } from '../../../core/address.ts';
import type { Target, TryResult } from '../balance/types.ts';
import { clientAddress } from '../message/client-origin.ts';
import { grpcStatus as grpcStatuses } from '../message/grpc-status.ts';
import type { RequestHead } from '../message/message.ts';
import type { Peer } from '../message/peer.ts';
import type { SpanAttributes, SpanRecord } from './span.ts';

/** Methods that conventions name; all others are `_OTHER`, so that nobody makes up names. */
const methods: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
]);

/** Statuses that the conventions for gRPC servers count as errors; the others are the client's doing. */
const grpcServerErrors: ReadonlySet<number> = new Set([
  grpcStatuses.unknown,
  grpcStatuses.deadlineExceeded,
  grpcStatuses.unimplemented,
  grpcStatuses.internal,
  grpcStatuses.unavailable,
]);

interface Timed {
  readonly trace: { readonly traceId: string; readonly spanId: string };
  readonly head: RequestHead;
  readonly service: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface RequestSeen extends Timed {
  readonly trace: {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentId: string | undefined;
  };
  readonly peer: Peer;
  readonly source: string;
  /** The caller's name by its verified certificate, without `spiffe://`. */
  readonly principal: string | undefined;
  /** Status of the response; undefined where none was sent. */
  readonly status: number | undefined;
  /** The gRPC status that the gateway itself answered with. */
  readonly grpcStatus: number | undefined;
  /** Why the gateway answered itself, or why the answer broke off. */
  readonly code: string | undefined;
  /** The cluster that answered. */
  readonly cluster: string | undefined;
  readonly tier: string | undefined;
  readonly endpoint: string | undefined;
  readonly tries: number;
}

interface TrySeen extends Timed {
  readonly spanId: string;
  readonly target: Target;
  /** Tries before this one. */
  readonly resends: number;
  /** 0: no head came. */
  readonly status: number;
  readonly result: TryResult;
}

/** A request as the server's span: a client's fault is no error there. */
export function requestSpan(seen: RequestSeen): SpanRecord {
  const { trace, head, peer, status, grpcStatus, code, startedAt, endedAt } = seen;
  const failed =
    grpcStatus === undefined
      ? status === undefined || status >= 500 || (code !== undefined && status < 400)
      : grpcServerErrors.has(grpcStatus);
  const error = failed ? (code ?? String(status ?? 'unanswered')) : undefined;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId,
    kind: 'server',
    name: nameOf(seen),
    startedAt,
    endedAt,
    attributes: given({
      ...methodOf(head.method),
      'url.scheme': head.scheme,
      'url.path': pathOf(head.path),
      'server.address': head.authority,
      'network.protocol.name': 'http',
      'network.protocol.version': head.protocol,
      'client.address': clientAddress(head, peer),
      'http.response.status_code': status,
      'rpc.grpc.status_code': grpcStatus,
      'error.type': error,
      'isthmus.service': seen.service,
      'isthmus.source_cluster': seen.source,
      'isthmus.source_principal': seen.principal,
      'isthmus.destination_cluster': seen.cluster,
      'isthmus.tier': seen.tier,
      'isthmus.endpoint': seen.endpoint,
      'isthmus.tries': seen.tries,
      'isthmus.code': code,
    }),
    error,
  };
}

/** One try as the sender's span: there a 4xx is an error, too. */
export function trySpan(seen: TrySeen): SpanRecord {
  const { trace, spanId, target, head, resends, status, result, startedAt, endedAt } = seen;
  const isError = status === 0 || status >= 400 || result !== 'ok';
  const error = isError ? (status === 0 || status < 400 ? result : String(status)) : undefined;
  return {
    traceId: trace.traceId,
    spanId,
    parentId: trace.spanId,
    kind: 'client',
    name: nameOf(seen),
    startedAt,
    endedAt,
    attributes: given({
      ...methodOf(head.method),
      ...networkPeerOf(target),
      'http.request.resend_count': resends === 0 ? undefined : resends,
      'http.response.status_code': status === 0 ? undefined : status,
      'error.type': error,
      'isthmus.service': seen.service,
      'isthmus.tier': target.tier,
    }),
    error,
  };
}

/** Without its query, which may hold secrets. */
export function pathOf(path: string): string {
  const query = path.indexOf('?');
  return query === -1 ? path : path.slice(0, query);
}

function nameOf({ head, service }: Timed): string {
  const method = methods.has(head.method) ? head.method : 'HTTP';
  return service === undefined ? method : `${method} ${service}`;
}

function methodOf(method: string): SpanAttributes {
  return methods.has(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

/** Another cluster is reached over links that are there already: it has a name, and no address of its own. */
function networkPeerOf(target: Target): SpanAttributes {
  if (target.kind === 'cluster') {
    const { cluster } = target;
    return { 'server.address': cluster, 'isthmus.destination_cluster': cluster };
  }
  const { id, address, port } = target.endpoint;
  return {
    'server.address': address,
    'server.port': port,
    'network.peer.address': formatAddress(address, port),
    'isthmus.endpoint': id,
  };
}

function given(
  attributes: Readonly<Record<string, string | number | boolean | undefined>>,
): SpanAttributes {
  const those: Record<string, string | number | boolean> = {};
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) those[name] = value;
  }
  return those;
}
