/** Owns the operation that says what writing policies would change, before any is written. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { warningsOf } from '../../../../policy/record.ts';
import { knownBy } from '../../policies/known.ts';
import type { PolicyView, WrittenPolicies } from '../../policies/written-policies.ts';
import { type Operation, operation } from '../operation.ts';
import { policyResources } from '../resources/policies.ts';
import { type PolicyPlan, planBodySchema, planSchema } from '../schema/policy-plan.ts';
import { lastingTag } from '../tags.ts';
import { judge } from '../view/judged-policies.ts';
import { type PolicyItemParts, policyItem, standing } from '../view/policies.ts';

interface PlanParts extends PolicyItemParts {
  readonly writtenPolicies: Pick<WrittenPolicies, 'find' | 'grants' | 'ofSet' | 'room'>;
}

type Asked = z.output<typeof planBodySchema>;
type Spec = Record<string, unknown>;

export function policyPlanOperation(gateway: PlanParts): Operation {
  return operation({
    method: 'POST',
    path: '/v1/policies/plan',
    id: 'planPolicies',
    tag: 'Policies',
    summary: 'What putting these policies would change; nothing is written',
    role: 'viewer',
    body: planBodySchema,
    answer: planSchema,
    onlyAsks: true,
    handle: ({ body }) => planOf(gateway, body),
  });
}

/** Documents are looked at together: one may keep another from being in force. */
function planOf(gateway: PlanParts, { documents, set, takeOver }: Asked): PolicyPlan {
  const { writtenPolicies, config, catalog, snapshot } = gateway;
  const judged = documents.map((document) => judge(gateway, document));
  const resources = judged.flatMap((one) => ('resource' in one ? [one.resource] : []));
  const policies = gateway.policies.with({ set: resources, removed: [] });
  const known = knownBy({ catalog, config, snapshot, policies });
  const items = documents.map(
    ({ scope, kind, namespace, name }, i): PolicyPlan['items'][number] => {
      const one = judged[i];
      const id = { scope, kind, namespace, name };
      const found = writtenPolicies.find(id);
      const before = found && { ...told(gateway, found), spec: found.record.spec as Spec };
      const base = { ...id, ...(before && { before }) };
      if (one === undefined || 'problem' in one) {
        const problem = one?.problem.toProblem();
        return { ...base, change: 'refused', warnings: [], ...(problem && { problem }) };
      }
      const { spec: after, resource } = one;
      const isSame =
        isDeepStrictEqual(before?.spec, after) &&
        (set === undefined || before?.set === set) &&
        !(takeOver && found?.record.cluster !== config.cluster);
      const change = before === undefined ? 'created' : isSame ? 'unchanged' : 'configured';
      const warnings = warningsOf({ ...id, cluster: config.cluster }, after, known);
      return { ...base, change, after, ...standing(policies, resource), warnings };
    },
  );
  const ofSet = set === undefined ? [] : writtenPolicies.ofSet(set);
  return {
    items,
    ofSet: ofSet.map((view) => {
      const { kind, namespace, name, spec } = view.record;
      const { by, at, etag } = told(gateway, view);
      return { scope: view.scope, kind, namespace, name, spec: spec as Spec, by, at, etag };
    }),
    room: {
      cluster: writtenPolicies.room('cluster'),
      federation: writtenPolicies.room('federation'),
    },
  };
}

/** Who wrote a policy, and the tag of it as it is. */
function told(gateway: PlanParts, view: PolicyView) {
  const { kind, by, at, set } = view.record;
  const declared = policyResources.find((one) => one.kind === kind && one.scope === view.scope);
  const etag = lastingTag(declared?.resource.derived, policyItem(gateway, view));
  return { by, at, etag, ...(set !== undefined && { set }) };
}
