/** Owns after which answers a request is tried again: Envoy's names for groups of statuses, and numbers of gRPC. */

/** Statuses of a name, as a Route's rule lists them: those that are assigned. */
export const statusesOf: Readonly<Record<string, readonly number[]>> = {
  '5xx': [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
  'gateway-error': [502, 503, 504],
  'retriable-4xx': [409],
};

/** Conditions that say that no answer came. They are the default of every service. */
export const unanswered: ReadonlySet<string> = new Set([
  'connect-failure',
  'refused-stream',
  'reset',
]);

/** Conditions of gRPC's statuses. */
export const grpcConditions: ReadonlySet<string> = new Set([
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

const grpcNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

/** `UNAVAILABLE` and `14` are 14; undefined for what is none, and for OK. */
export function grpcStatus(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : grpcNames.indexOf(text);
  return number >= 1 && number <= 16 ? number : undefined;
}
