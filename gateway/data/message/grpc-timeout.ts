/** Owns how long a gRPC client waits: its `grpc-timeout`, as gRPC over HTTP/2 defines it. */
import type { ReceivedFields } from './message.ts';

export const grpcTimeoutField = 'grpc-timeout';

/** Milliseconds in each unit: hours, minutes, seconds, milliseconds, microseconds, nanoseconds. */
const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** At most eight digits and a unit; milliseconds, rounded up. Undefined where there is none, or none that is one. */
function readGrpcTimeout(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,8}[HMSmun]$/.test(value)) return undefined;
  const unit = units[value.at(-1) as string] as number;
  return Math.ceil(Number(value.slice(0, -1)) * unit);
}

/** How long from the head on the whole exchange may take, in milliseconds; undefined = the client doesn't say. */
export function grpcTimeoutMs(fields: ReceivedFields): number | undefined {
  return readGrpcTimeout(fields.get(grpcTimeoutField));
}

/** So many whole milliseconds, over 0, as `grpc-timeout` says them. */
export function writtenGrpcTimeout(ms: number): string {
  return ms < 1e8 ? `${ms}m` : `${Math.floor(ms / 1000)}S`;
}
