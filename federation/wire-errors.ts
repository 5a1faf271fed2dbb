/** Owns how coded errors cross the wire: gRPC status for everyone, the whole problem in a trailer for us. */
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { type ErrorKind, errorCodes } from '../core/error-codes.ts';
import { type ErrorCode, IsthmusError } from '../core/errors.ts';

const trailer = 'isthmus-problem-bin';

const statusOfKind: Record<ErrorKind, status> = {
  failed: status.UNAVAILABLE,
  'not-found': status.NOT_FOUND,
  refused: status.PERMISSION_DENIED,
  'timed-out': status.DEADLINE_EXCEEDED,
  usage: status.INVALID_ARGUMENT,
  'bad-input': status.INVALID_ARGUMENT,
};

/** The problem that a gateway sends; bounded, for we may not trust that gateway yet. */
const problemSchema = z.object({
  code: z.string().refine((code): code is ErrorCode => Object.hasOwn(errorCodes, code)),
  detail: z.string().max(2000),
  where: z.string().max(500).optional(),
  fix: z.string().max(1000),
});

/** An IsthmusError in full; of anything else no more than that it happened, for it was not written to be sent. */
export function toStatus(thrown: unknown): Partial<StatusObject> {
  const error =
    thrown instanceof IsthmusError
      ? thrown
      : new IsthmusError('INTERNAL', { what: 'The other gateway failed; its log says more' });
  const metadata = new Metadata();
  metadata.set(trailer, Buffer.from(JSON.stringify(error.toProblem())));
  return { code: statusOfKind[error.kind], details: error.message, metadata };
}

/** An error the other gateway answered with. */
export class RemoteError extends IsthmusError {
  /** Whether the other side says that it refused, so that nothing happened there; else it may have. */
  get isRefusal(): boolean {
    return this.kind !== 'failed' && this.kind !== 'timed-out';
  }
}

/** Reads an error back: the other gateway's own when it sent one, else what became of the connection. */
export function fromServiceError(error: ServiceError, address: string): IsthmusError {
  const [bytes] = error.metadata?.get(trailer) ?? [];
  const problem = problemSchema.safeParse(parseJson(bytes));
  if (problem.success) {
    const { code, detail, where, fix } = problem.data;
    return new RemoteError(code, { what: detail, where, fix, cause: error });
  }
  return new IsthmusError(codeOf(error.code), {
    what: `The call to ${address} failed: ${error.details}`,
    where: address,
    cause: error,
  });
}

function codeOf(code: status): ErrorCode {
  switch (code) {
    case status.DEADLINE_EXCEEDED:
      return 'TIMED_OUT';
    case status.RESOURCE_EXHAUSTED:
      return 'BODY_TOO_LARGE';
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return 'PEER_REFUSED';
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return 'PEER_UNREACHABLE';
    default:
      return 'INTERNAL';
  }
}

function parseJson(bytes: string | Buffer | undefined): unknown {
  try {
    return JSON.parse(String(bytes));
  } catch {
    return undefined; // Not a problem of ours: the caller falls back to the gRPC status.
  }
}
