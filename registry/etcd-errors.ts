/** Owns the translation of what etcd and gRPC say into coded errors. */
import { status } from '@grpc/grpc-js';
import { type ErrorCode, IsthmusError, messageOf, withoutSource } from '../core/errors.ts';

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
  userEmpty: 'etcdserver: user name is empty',
  authNotEnabled: 'etcdserver: authentication is not enabled',
  noSpace: 'etcdserver: mvcc: database space exceeded',
} as const;

/** Answers to a JWT token from before the last change of users or roles: by etcd 3.4, and by later ones. */
const oldRevision = [
  'auth: revision in header is old',
  'etcdserver: revision of auth store is old',
] as const;

/** Of its other refusals to know who asks, etcd 3.4 gives some under no code of gRPC's, as of a password for a user without one. */
const unknownAuth = /^auth: /;

/** The part of a gRPC error this file reads. */
interface GrpcFailure {
  readonly code?: number;
  readonly details?: string;
}

const codeByText: ReadonlyMap<string, ErrorCode> = new Map([
  [etcdTexts.compacted, 'REGISTRY_COMPACTED'],
  [etcdTexts.futureRevision, 'REGISTRY_FUTURE_REVISION'],
  [etcdTexts.leaseNotFound, 'REGISTRY_LEASE_NOT_FOUND'],
  [etcdTexts.permissionDenied, 'REGISTRY_DENIED'],
  [etcdTexts.authFailed, 'REGISTRY_UNAUTHENTICATED'],
  [etcdTexts.invalidAuthToken, 'REGISTRY_UNAUTHENTICATED'],
  [etcdTexts.userEmpty, 'REGISTRY_UNAUTHENTICATED'],
  ...oldRevision.map((text) => [text, 'REGISTRY_UNAUTHENTICATED'] as const),
  [etcdTexts.noSpace, 'REGISTRY_FULL'],
]);

const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [status.DEADLINE_EXCEEDED, 'TIMED_OUT'],
  [status.PERMISSION_DENIED, 'REGISTRY_DENIED'],
  [status.UNAUTHENTICATED, 'REGISTRY_UNAUTHENTICATED'],
  [status.INVALID_ARGUMENT, 'REGISTRY_REQUEST_INVALID'],
  [status.FAILED_PRECONDITION, 'REGISTRY_REQUEST_INVALID'],
  [status.ALREADY_EXISTS, 'REGISTRY_REQUEST_INVALID'],
  [status.UNIMPLEMENTED, 'REGISTRY_REQUEST_INVALID'],
]);

/** Codes an error of a gRPC call to the registry at `address`. An error that etcd did not decide is REGISTRY_UNAVAILABLE. */
export function registryError(thrown: unknown, address: string): IsthmusError {
  if (thrown instanceof IsthmusError) return thrown;
  const failure = (thrown instanceof Error ? thrown : {}) as GrpcFailure;
  const details = failure.details ?? messageOf(thrown);
  const text = withoutSource(details.replace(/\.? Resolution note: $/, ''));
  // gRPC's own limit on a message, which is above etcd's on a request: trying again would not help.
  const tooLarge = failure.code === status.RESOURCE_EXHAUSTED && text.includes('larger than max');
  const code = tooLarge
    ? 'REGISTRY_REQUEST_INVALID'
    : (codeByText.get(text) ??
      (unknownAuth.test(text) ? 'REGISTRY_UNAUTHENTICATED' : undefined) ??
      codeByStatus.get(failure.code ?? -1) ??
      'REGISTRY_UNAVAILABLE');
  return new IsthmusError(code, { what: text, where: address, cause: thrown, ...adviceOn(text) });
}

/** Where the text alone tells more of what to do than the code does. */
function adviceOn(text: string): { readonly fix?: string } {
  if (text === etcdTexts.userEmpty) {
    return {
      fix: 'etcd finds no user for this gateway: set `registry.etcd.username` and `passwordFile`; or start etcd with `--client-cert-auth`, which takes the CN of a certificate for its user.',
    };
  }
  if (/certificate|ssl\/tls alert/.test(text)) {
    return {
      fix: 'Traffic keeps flowing from the last good snapshot. See that `registry.etcd.ca`, `cert` and `key` are what this etcd wants, and that the clocks of both machines agree.',
    };
  }
  return {};
}

/** Codes why etcd cancelled a watch: it gives the error of a call as text (`rpc error: code = ... desc = ...`). */
export function cancelledWatch(reason: string, address: string): IsthmusError {
  const text = reason.replace(/^rpc error: code = \w+ desc = /, '') || 'no reason given';
  const what = `The registry cancelled the watch: ${text}`;
  return new IsthmusError(codeByText.get(text) ?? 'REGISTRY_UNAVAILABLE', { what, where: address });
}

/** True for an error that is not about the one call: any other would fail as well. */
export function concernsAll(error: IsthmusError): boolean {
  return isOutage(error) || isUnauthenticated(error) || error.code === 'REGISTRY_FULL';
}

/** True where the registry does not know who asks; the call was not run. */
export function isUnauthenticated(error: IsthmusError): boolean {
  return error.code === 'REGISTRY_UNAUTHENTICATED';
}

/** True where the registry did not answer, so that nobody knows whether a write was applied. */
export function isOutage(error: IsthmusError): boolean {
  return error.code === 'REGISTRY_UNAVAILABLE' || error.code === 'TIMED_OUT';
}
