/** Owns how the admin API tells of a written policy: what it says, who wrote it, whether it is in force and what is doubtful about it. */
import type { Policies } from '../../../../policy/effective.ts';
import { warningsOf, writtenAt } from '../../../../policy/record.ts';
import { type KnowingParts, knownBy } from '../../policies/known.ts';
import type { PolicyView } from '../../policies/written-policies.ts';

/** The parts of a gateway that a policy is told by. */
export interface PolicyItemParts extends KnowingParts {
  readonly policies: Policies;
}

export function policyItem(
  gateway: PolicyItemParts,
  { record, resource, problem }: PolicyView,
): Record<string, unknown> {
  const { cluster, namespace, name, spec, by, at, set } = record;
  const { inForce, reason = problem && replacedBy(problem) } = standing(
    gateway.policies,
    resource.name,
  );
  return {
    ...{ cluster, namespace, name, ...spec, by, at },
    ...(set !== undefined && { set }),
    inForce,
    ...(reason !== undefined && { reason }),
    warnings: warningsOf(record, spec, knownBy(gateway)),
  };
}

/** Whether the policy of that name is in force among `policies`, in part at least, and why it is not. */
export function standing(
  policies: Policies,
  name: string,
): { readonly inForce: boolean; readonly reason?: string } {
  const overruling = policies.overruling(name);
  if (overruling === undefined) return { inForce: true };
  const reason = `${writtenAt(overruling)} is for the same, and comes first by its name`;
  return { inForce: false, reason };
}

function replacedBy({ message }: Error): string {
  return `The registry has another by now, which can't be used: ${message}`;
}
