/** Owns how the admin API tells of a written policy: what it says, who wrote it, whether it is in force and what is doubtful about it. */
import type { Policies, PolicyResource } from '../../../../policy/effective.ts';
import { sourceOf, warningsOf, writtenAt } from '../../../../policy/record.ts';
import { type KnowingParts, knownBy } from '../../policies/known.ts';
import type { PolicyView } from '../../policies/written-policies.ts';
import type { PolicyItem } from '../resources/policies.ts';

/** The parts of a gateway that a policy is told by. */
export interface PolicyItemParts extends KnowingParts {
  readonly policies: Policies;
}

export function policyItem(gateway: PolicyItemParts, view: PolicyView): Record<string, unknown> {
  const { cluster, namespace, name, spec } = view.record;
  return { cluster, namespace, name, ...spec, ...told(gateway, view) };
}

/** A policy of any kind, as the live stream has it: all but what it says. */
export interface PolicySummary extends PolicyItem {
  readonly kind: string;
  /** For what it is in force. */
  readonly target: PolicyResource['target'];
  /** Requests that this gateway decided by it since it started, by outcome. */
  readonly decided: Readonly<Record<string, number>>;
}

export function policySummaries(
  gateway: PolicyItemParts,
  views: readonly PolicyView[],
  decided: Iterable<Decided>,
): PolicySummary[] {
  const byPolicy = Map.groupBy(decided, ({ policy }) => policy);
  return views.map((view) => {
    const { cluster, namespace, kind, name } = view.record;
    const counts = byPolicy.get(view.resource.name) ?? [];
    return {
      ...{ cluster, namespace, kind, name, target: view.resource.target },
      ...told(gateway, view),
      decided: Object.fromEntries(counts.map(({ outcome, requests }) => [outcome, requests])),
    };
  });
}

interface Decided {
  readonly policy: string;
  readonly outcome: string;
  readonly requests: number;
}

/** Who wrote a policy, whether it is in force and what is doubtful about it. */
function told(gateway: PolicyItemParts, { record, resource, scope, problem }: PolicyView) {
  const { spec, by, at, set } = record;
  const { inForce, reason = problem && replacedBy(problem) } = standing(gateway.policies, resource);
  return {
    ...{ scope, by, at },
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
