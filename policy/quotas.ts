/** Owns how much may be written: the size of one policy, of its record in the registry, and how many policies a cluster has. */
import { IsthmusError } from '../core/errors.ts';

/** Octets of a policy's spec as JSON, its defaults filled in. */
export const maxPolicyBytes = 64 * 1024;
/** Octets of a record: a policy of the greatest size, with who wrote it and the signature. */
export const maxRecordBytes = maxPolicyBytes + 8 * 1024;
/** Policies of one cluster, or of the whole federation, of all kinds together; those that were deleted don't count. */
export const maxPolicies = 10_000;

/** Throws POLICY_TOO_LARGE. */
export function refuseTooLarge(spec: object): void {
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes <= maxPolicyBytes) return;
  throw new IsthmusError('POLICY_TOO_LARGE', {
    what: `It has ${bytes} octets of JSON, with its defaults; a policy has ${maxPolicyBytes} at most`,
  });
}

/** Throws POLICY_LIMIT where one more than the `written` policies would be over `limit`. */
export function refuseTooMany(written: number, limit: number): void {
  if (written < limit) return;
  throw new IsthmusError('POLICY_LIMIT', {
    what: `There are ${written} such policies, and ${limit} at most`,
  });
}
