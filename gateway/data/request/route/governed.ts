/** Owns what written policies say of the requests for a service, made ready for the steps; each kind has its part, absent where no policy says it. */
import type { ClusterName, ServiceName } from '../../../../core/names.ts';
import type { Policies, PolicyResource } from '../../../../policy/effective.ts';
import type { RequestHead } from '../../message/message.ts';
import { type Authentications, authenticationsOf } from '../authenticate/authentications.ts';
import { type Authorizations, authorizationsOf } from '../authorize/decide.ts';
import { type CompiledLimit, limitsIn } from '../rate-limit/limits.ts';
import { type Fit, isRouteResource, RuleSet } from './rule-set.ts';

/** Finds the rule that a request goes by; undefined where it fits none. */
interface Rules {
  find(head: RequestHead): Fit | undefined;
}

export interface Governed {
  /** The policies that it was made of, more specific ones first. */
  readonly by: readonly PolicyResource[];
  /** Whether the service is a host outside of the federation. */
  readonly isOutside: boolean;
  readonly authentication?: Authentications | undefined;
  readonly authorization?: Authorizations | undefined;
  readonly limits?: readonly CompiledLimit[] | undefined;
  /** The rules of Routes, one of which a request must fit. */
  readonly rules?: Rules | undefined;
}

/** The policies that steps go by at a cluster's gateways, for requests for a service, whoever's clients ask; more specific ones first. */
export function governing(
  policies: Policies,
  service: ServiceName,
  where: ClusterName,
): readonly PolicyResource[] {
  // A host that is reached by way of another cluster is outside only there.
  return policies
    .ofSteps({ service, client: where, where })
    .filter((one) => one.kind !== 'Egress' || (one.spec.via ?? where) === where);
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
    authentication: authenticationsOf(policies),
    authorization: authorizationsOf(policies),
    limits: limitsIn(policies),
    rules: rulesIn(policies, before),
  };
}

function rulesIn(policies: readonly PolicyResource[], before: Governed | undefined) {
  const routes = policies.filter(isRouteResource);
  if (routes.length === 0) return undefined;
  const known = before?.by.filter(isRouteResource) ?? [];
  const isSame = known.length === routes.length && routes.every((one, i) => one === known[i]);
  return isSame && before?.rules !== undefined ? before.rules : new RuleSet(routes);
}
