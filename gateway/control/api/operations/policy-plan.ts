/** Owns the operation that says what writing policies would change, before any is written. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { isPolicyKind, policyKindNames } from '../../../../policy/kind-names.ts';
import { policyKinds } from '../../../../policy/kinds.ts';
import { refuseTooLarge } from '../../../../policy/quotas.ts';
import { resourceOf, warningsOf } from '../../../../policy/record.ts';
import { knownBy } from '../../policies/known.ts';
import type { PolicyView, WrittenPolicies } from '../../policies/written-policies.ts';
import { parseInput } from '../bodies.ts';
import { type Operation, operation } from '../operation.ts';
import { policyResources } from '../resources/policies.ts';
import { type PolicyPlan, planBodySchema, planSchema } from '../schema/policy-plan.ts';
import { lastingTag } from '../tags.ts';
import { type PolicyItemParts, policyItem, standing } from '../view/policies.ts';

interface PlanParts extends PolicyItemParts {
  readonly writtenPolicies: Pick<WrittenPolicies, 'find' | 'grants' | 'ofSet' | 'room'>;
}

type Asked = z.output<typeof planBodySchema>;
type Document = Asked['documents'][number];
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
function planOf(gateway: PlanParts, { documents, set }: Asked): PolicyPlan {
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
        isDeepStrictEqual(before?.spec, after) && (set === undefined || before?.set === set);
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

/** What a document would be written as, or why it is refused. */
function judge(
  { config: { cluster }, writtenPolicies }: PlanParts,
  { scope, kind, namespace, name, spec: given }: Document,
): { readonly spec: Spec; readonly resource: PolicyResource } | { readonly problem: IsthmusError } {
  try {
    if (scope === 'federation') writtenPolicies.grants.assertMayWrite(cluster);
    if (!isPolicyKind(kind)) {
      throw new IsthmusError('BODY_INVALID', {
        what: `This gateway has no kind ${JSON.stringify(kind)} of policy`,
        where: 'kind',
        fix: `Use one of ${policyKindNames.join(', ')}.`,
      });
    }
    // As JSON keeps it: a field without a value is absent there.
    const spec = JSON.parse(
      JSON.stringify(parseInput(policyKinds[kind].spec, given, 'BODY_INVALID')),
    ) as Spec;
    refuseTooLarge(spec);
    const record = { cluster, kind, namespace, name, spec, by: '', at: 0 };
    const resource = resourceOf(`${kind} ${namespace}/${name}`, record, scope);
    if (resource === undefined) throw new IsthmusError('BODY_INVALID', { what: 'It says nothing' });
    return { spec, resource };
  } catch (thrown) {
    return { problem: asIsthmusError(thrown) };
  }
}

/** Who wrote a policy, and the tag of it as it is. */
function told(gateway: PlanParts, view: PolicyView) {
  const { kind, by, at, set } = view.record;
  const declared = policyResources.find((one) => one.kind === kind && one.scope === view.scope);
  const etag = lastingTag(declared?.resource.derived, policyItem(gateway, view));
  return { by, at, etag, ...(set !== undefined && { set }) };
}
