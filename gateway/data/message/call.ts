/** Owns the seam between the data path and its upstreams: one try of a request, and its result. */
import type { ClusterName } from '../../../core/names.ts';
import type { ConnectionGate } from '../balance/breakers.ts';
import type { EndpointView } from '../balance/types.ts';
import type { FailedTry, Fields, OutgoingRequest, ResponseHead } from './message.ts';

/**
 * One try under way. The request's body is written to it; the response flows to its handler from the
 * start, until `onBody` says stop. After `onEnd` or `onFailed`, or `cancel`, its methods do nothing; but a
 * tunnel's two directions end one by one, and after `onEnd` its other one is open until `end`.
 */
export interface Call {
  /**
   * Whether there is a connection that takes the request's body; where there is none yet, `onWritable` says when. What is
   * written before waits here, and with it the request, which can't go elsewhere once more of it was taken than is kept.
   */
  readonly isReady: boolean;
  /** Sends a piece of the request's body, copied where it can't leave at once. False: write on after `onWritable`. */
  write(bytes: Uint8Array): boolean;
  /** The request's body is whole. */
  end(trailers?: Fields): void;
  /** Reads on after `onBody` had said stop. */
  read(): void;
  /** Ends a try that nobody waits for any more: the connection or stream is cut in this turn. Calls nothing back. */
  cancel(): void;
}

/** Is told of a try; of nothing before the call was returned to its maker. */
export interface CallHandler {
  /** An interim response (1xx other than 101). 100 asks for the body, where the request expects that. False as in `onBody`. */
  onInterim(status: number, fields: Fields): boolean;
  /** The final head. Where there can be no body, or one of no octets is announced, only `onEnd` follows. */
  onResponse(head: ResponseHead): void;
  /** A piece of the response's body, valid during the call. False: hold the other side back until `read`. */
  onBody(bytes: Buffer): boolean;
  /**
   * The response is whole: last of all, unless it failed. The request need not be whole by then. Of a tunnel
   * it is the end of what the service says; `onFailed` may follow where the other direction breaks.
   */
  onEnd(trailers: Fields): void;
  /** Last of all, once: no head came, or what followed it broke. */
  onFailed(failure: FailedTry): void;
  /**
   * Nothing is heard from where it is, and no head came yet: who can safely be served elsewhere may `cancel` it. It goes on
   * else, and may be answered yet.
   */
  onDoubted(): void;
  /** The octets for which `write` said false have left: there is room for more. */
  onWritable(): void;
}

export interface CallOptions {
  /** Most time to get a connection, in milliseconds; 0 = as long as it takes. */
  readonly connectMs: number;
  /** How long a connection may rest before it is used no more, in milliseconds; 0 = it carries one request. */
  readonly restMs: number;
  /** Absent where the service has no breakers on connections. */
  readonly gate?: ConnectionGate | undefined;
}

/** Reaches endpoints of this cluster, each by the protocol it speaks. */
export interface EndpointTransport {
  call(
    endpoint: Pick<EndpointView, 'address' | 'port' | 'protocol'>,
    request: OutgoingRequest,
    handler: CallHandler,
    options: CallOptions,
  ): Call;
  /** Is used no more: what is under way goes on, and then its connections close. */
  retire(): void;
  close(): void;
}

/** Reaches gateways of other clusters; `Links` is one. */
export interface ClusterTransport {
  call(
    cluster: ClusterName,
    request: OutgoingRequest,
    handler: CallHandler,
    options: CallOptions,
  ): Call;
}
