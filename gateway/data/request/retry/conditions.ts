/** Owns what each condition of a retry policy means. */
import type { RetryCondition, RetryPolicy } from '../../../../policy/traffic/retry.ts';
import { grpcStatus } from '../../message/grpc-status.ts';
import type { FailedTry } from '../../message/message.ts';

type Conditions = Pick<RetryPolicy, 'on' | 'statuses'>;

/** That no answer came is a 503 to Envoy, and so among these. */
const anyFailure: readonly RetryCondition[] = ['reset', 'gateway-error', '5xx'];

/** By Envoy's names for them. */
const grpcConditions: Readonly<Partial<Record<RetryCondition, number>>> = {
  cancelled: grpcStatus.cancelled,
  'deadline-exceeded': grpcStatus.deadlineExceeded,
  internal: grpcStatus.internal,
  'resource-exhausted': grpcStatus.resourceExhausted,
  unavailable: grpcStatus.unavailable,
};

/** Whether a try that brought no whole answer is among the conditions. */
export function namesFailure(
  { on }: Conditions,
  { sent, isRefused }: Pick<FailedTry, 'sent' | 'isRefused'>,
): boolean {
  if (anyFailure.some((one) => on.includes(one))) return true;
  return sent === 'no' && on.includes(isRefused ? 'refused-stream' : 'connect-failure');
}

/** Whether an answer is; `grpc`: the status of gRPC that its head says. */
export function namesAnswer(
  { on, statuses }: Conditions,
  status: number,
  grpc: number | undefined,
): boolean {
  return on.some((condition) => {
    switch (condition) {
      case '5xx':
        return status >= 500;
      case 'gateway-error':
        return status >= 502 && status <= 504;
      case 'retriable-4xx':
        return status === 409;
      case 'retriable-status-codes':
        return statuses.includes(status);
      default:
        return grpc !== undefined && grpcConditions[condition] === grpc;
    }
  });
}

/** Whether any of them is a status of gRPC, for which heads of its answers are looked at. */
export function asksForGrpc({ on }: Conditions): boolean {
  return on.some((condition) => condition in grpcConditions);
}
