/** Owns telling whose policy decides: a cluster's own, the federation's, or a configuration's. */
import type { ClusterName } from '../../../../core/names.ts';
import { wholeFederation } from '../../../../registry/policy-keys.ts';

/** `policy`: its name among all. */
export function sourceTold(
  cluster: ClusterName,
  policy: string,
): { readonly policy: string; readonly of: string } {
  const federations = `${wholeFederation}/`;
  if (policy.startsWith(federations)) {
    return { policy: policy.slice(federations.length), of: 'federation' };
  }
  // Those of a configuration have no place of their own.
  return { policy: policy.includes('/') ? policy : 'configuration', of: cluster };
}
