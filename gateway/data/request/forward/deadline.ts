/** Owns until when a client waits for its answer, as it says itself, and how the next hop is told what is left of that. */
import { grpcTimeoutField, grpcTimeoutMs, writtenGrpcTimeout } from '../../message/grpc-timeout.ts';
import type { Fields, OutgoingFields, RequestHead } from '../../message/message.ts';
import { OtherFields } from '../../message/other-fields.ts';

/** Times are monotonic milliseconds. */
export class Deadline {
  readonly endsAt: number;
  /** When it was read: until a millisecond later, the fields that came say what is left. */
  readonly #readAt: number;
  /** The name of the policy's field; undefined where the request has none. */
  readonly #header: string | undefined;
  readonly #isGrpc: boolean;

  constructor(endsAt: number, readAt: number, header: string | undefined, isGrpc: boolean) {
    this.endsAt = endsAt;
    this.#readAt = readAt;
    this.#header = header;
    this.#isGrpc = isGrpc;
  }

  /** The fields that say so, as they go on at `now`: with what is left. */
  left(fields: OutgoingFields, now: number): OutgoingFields {
    if (now - this.#readAt < 1) return fields;
    const ms = Math.max(1, Math.floor(this.endsAt - now));
    const said: string[] = [];
    if (this.#isGrpc) said.push(grpcTimeoutField, writtenGrpcTimeout(ms));
    if (this.#header !== undefined) said.push(this.#header, String(ms));
    return new OtherFields(fields, said as Fields);
  }
}

/**
 * The deadline of a request that came at `since`, and is looked at now: the sooner of what `grpc-timeout` says of a call of
 * gRPC and what the field `header` says, in milliseconds. Undefined: it says neither. Octets both ways have none.
 */
export function deadlineOf(
  { fields, tunnel }: RequestHead,
  isGrpc: boolean,
  header: string,
  since: number,
): Deadline | undefined {
  const grpcMs = isGrpc ? grpcTimeoutMs(fields) : undefined;
  const headerMs = header === '' || tunnel !== undefined ? undefined : wholeMs(fields.get(header));
  if (grpcMs === undefined && headerMs === undefined) return undefined;
  const ms = Math.min(grpcMs ?? Infinity, headerMs ?? Infinity);
  const named = headerMs === undefined ? undefined : header;
  return new Deadline(since + ms, since, named, grpcMs !== undefined);
}

/** Milliseconds in digits alone; anything else says nothing. */
function wholeMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}
