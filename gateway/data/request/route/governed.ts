/** Owns what written policies say of the requests for a service, made ready for the steps; each kind has its part, absent where no policy says it. */
import type { PolicyResource } from '../../../../policy/effective.ts';
import { type Authorizations, authorizationsOf } from '../authorize/decide.ts';

import { type CompiledLimit, limitsIn } from '../rate-limit/limits.ts';

export interface Governed {
  /** The policies that it was made of, more specific ones first. */
  readonly by: readonly PolicyResource[];
  /** Whether the service is a host outside of the federation. */
  readonly isOutside: boolean;
  readonly authorization?: Authorizations | undefined;
  readonly limits?: readonly CompiledLimit[] | undefined;
}

/** What steps make of policies that are neither of the balancer nor of the control side; undefined where there are none. */
export function governedBy(
  policies: readonly PolicyResource[],
  before: Governed | undefined,
): Governed | undefined {
  if (policies.length === 0) return undefined;
  const isSame =
    before?.by.length === policies.length && policies.every((one, i) => one === before.by[i]);
  if (isSame) return before;
  return {
    by: policies,
    isOutside: policies.some(({ kind }) => kind === 'Egress'),
    authorization: authorizationsOf(policies),
    limits: limitsIn(policies),
  };
}
