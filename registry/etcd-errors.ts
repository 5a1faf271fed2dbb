/** Owns the translation of what etcd and gRPC say into coded errors. */
import { status } from '@grpc/grpc-js';
import { type ErrorCode, IsthmusError, messageOf } from '../core/errors.ts';

/** etcd's own texts (api/v3rpc/rpctypes/error.go); clients of etcd recognise errors by them, so they never change. */
export const etcdTexts = {
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  futureRevision: 'etcdserver: mvcc: required revision is a future revision',
  leaseNotFound: 'etcdserver: requested lease not found',
  leaseExists: 'etcdserver: lease already exists',
  leaseTtlTooLarge: 'etcdserver: too large lease TTL',
  emptyKey: 'etcdserver: key is not provided',
  keyNotFound: 'etcdserver: key not found',
  valueProvided: 'etcdserver: value is provided',
  leaseProvided: 'etcdserver: lease is provided',
  tooManyOps: 'etcdserver: too many operations in txn request',
  duplicateKey: 'etcdserver: duplicate key given in txn request',
  requestTooLarge: 'etcdserver: request is too large',
  permissionDenied: 'etcdserver: permission denied',
  authFailed: 'etcdserver: authentication failed, invalid user ID or password',
  invalidAuthToken: 'etcdserver: invalid auth token',
} as const;

/** The part of a gRPC error this file reads. */
export interface GrpcFailure {
  readonly code?: number;
  readonly details?: string;
}

const codeByText: ReadonlyMap<string, ErrorCode> = new Map([
  [etcdTexts.compacted, 'REGISTRY_COMPACTED'],
  [etcdTexts.futureRevision, 'REGISTRY_FUTURE_REVISION'],
  [etcdTexts.leaseNotFound, 'REGISTRY_LEASE_NOT_FOUND'],
  [etcdTexts.permissionDenied, 'REGISTRY_DENIED'],
  [etcdTexts.authFailed, 'REGISTRY_DENIED'],
  [etcdTexts.invalidAuthToken, 'REGISTRY_DENIED'],
]);

const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [status.DEADLINE_EXCEEDED, 'TIMED_OUT'],
  [status.PERMISSION_DENIED, 'REGISTRY_DENIED'],
  [status.UNAUTHENTICATED, 'REGISTRY_DENIED'],
  [status.INVALID_ARGUMENT, 'REGISTRY_REQUEST_INVALID'],
  [status.FAILED_PRECONDITION, 'REGISTRY_REQUEST_INVALID'],
  [status.ALREADY_EXISTS, 'REGISTRY_REQUEST_INVALID'],
  [status.UNIMPLEMENTED, 'REGISTRY_REQUEST_INVALID'],
]);

/** Codes an error of a gRPC call to the registry at `address`. What etcd did not decide is REGISTRY_UNAVAILABLE. */
export function registryError(thrown: unknown, address: string): IsthmusError {
  if (thrown instanceof IsthmusError) return thrown;
  const failure = (thrown instanceof Error ? thrown : {}) as GrpcFailure;
  const text = (failure.details ?? messageOf(thrown)).replace(/\.? Resolution note: $/, '');
  // gRPC's own limit on a message, which is above etcd's on a request: trying again would not help.
  const tooLarge = failure.code === status.RESOURCE_EXHAUSTED && text.includes('larger than max');
  const code = tooLarge
    ? 'REGISTRY_REQUEST_INVALID'
    : (codeByText.get(text) ?? codeByStatus.get(failure.code ?? -1) ?? 'REGISTRY_UNAVAILABLE');
  return new IsthmusError(code, { what: text, where: address, cause: thrown });
}

/** True where the registry did not answer, so that nobody knows whether a write was applied. */
export function isOutage(error: IsthmusError): boolean {
  return error.code === 'REGISTRY_UNAVAILABLE' || error.code === 'TIMED_OUT';
}
