/** Owns how the admin API tells of a written policy: what it says, who wrote it, whether it is in force and what is doubtful about it. */
import type { Policies, PolicyResource } from '../../../../policy/effective.ts';
import { sourceOf, warningsOf, writtenAt } from '../../../../policy/record.ts';
import { type KnowingParts, knownBy } from '../../policies/known.ts';
import type { PolicyView } from '../../policies/written-policies.ts';

/** The parts of a gateway that a policy is told by. */
export interface PolicyItemParts extends KnowingParts {
  readonly policies: Policies;
}

export function policyItem(
  gateway: PolicyItemParts,
  { record, resource, scope, problem }: PolicyView,
): Record<string, unknown> {
  const { cluster, namespace, name, spec, by, at, set } = record;
  const { inForce, reason = problem && replacedBy(problem) } = standing(gateway.policies, resource);
  return {
    ...{ cluster, namespace, name, ...spec, scope, by, at },
    ...(set !== undefined && { set }),
    inForce,
    ...(reason !== undefined && { reason }),
    warnings: warningsOf(record, spec, knownBy(gateway)),
  };
}

/** Whether a policy is in force among `policies`, in part at least, and why it is not. */
export function standing(
  policies: Policies,
  resource: PolicyResource,
): { readonly inForce: boolean; readonly reason?: string } {
  const overruling = policies.overruling(resource.name);
  if (overruling === undefined) return { inForce: true };
  const isAlike = overruling.ofFederation === resource.ofFederation;
  const which = isAlike ? writtenAt(overruling) : sourceOf(overruling);
  const why = isAlike ? 'by its name' : "as a cluster's own does";
  return {
    inForce: false,
    reason: `${which ?? 'The configuration'} is for the same, and comes first ${why}`,
  };
}

function replacedBy({ message }: Error): string {
  return `The registry has another by now, which can't be used: ${message}`;
}
