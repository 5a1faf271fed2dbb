/** Owns how the end of a try is judged for the balancer: by its status, and by the clock. */
import { formatAddress } from '../../../../core/address.ts';
import type { Target, TryResult } from '../../balance/types.ts';
import { grpcStatus, grpcStatusIn } from '../../message/grpc-status.ts';
import type { FailedTry, Fields, ResponseHead } from '../../message/message.ts';

/** A status as a result for the balancer, as Envoy's outlier detection reads it. */
export function resultOf(status: number): TryResult {
  if (status < 500) return 'ok';
  return status >= 502 && status <= 504 ? 'gateway-error' : 'server-error';
}

/** The result of a whole response. `grpcTrailers`: those of a gRPC call, whose own status counts where HTTP's says nothing. */
export function resultOfAnswer(
  head: ResponseHead | undefined,
  grpcTrailers: Fields | undefined,
): TryResult {
  if (head === undefined) return 'ok';
  const { status, fields } = head;
  if (grpcTrailers === undefined || status !== 200) return resultOf(status);
  return resultOf(byGrpcStatus[grpcStatusIn(fields, grpcTrailers) ?? 0] ?? status);
}

/** Statuses of gRPC that are the server's failures, by what Envoy takes them for (`grpcToHttpStatus`). */
const byGrpcStatus: Readonly<Record<number, number>> = {
  [grpcStatus.unknown]: 500,
  [grpcStatus.deadlineExceeded]: 504,
  [grpcStatus.unimplemented]: 501,
  [grpcStatus.internal]: 500,
  [grpcStatus.unavailable]: 503,
  [grpcStatus.dataLoss]: 500,
};

/** The result of a try that brought no answer. */
export function resultOfFailure({ sent, code }: FailedTry): TryResult {
  if (code === 'ENDPOINT_SPEAKS_HTTP2') return 'other-protocol';
  return sent === 'no' ? 'unsent' : 'failed';
}

/** A try that was given up because its time was up: it may have arrived. */
export function lateTry(target: Target): FailedTry {
  const who =
    target.kind === 'cluster'
      ? `Cluster ${target.cluster}`
      : formatAddress(target.endpoint.address, target.endpoint.port);
  return { sent: 'maybe', code: 'UPSTREAM_TIMED_OUT', what: `${who} has not answered in time` };
}
