/** Owns what a document would be written as, or why it is refused. */
import type { z } from 'zod';
import { asIsthmusError, IsthmusError } from '../../../../core/errors.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { isPolicyKind, policyKindNames } from '../../../../policy/kind-names.ts';
import { policyKinds } from '../../../../policy/kinds.ts';
import { refuseTooLarge } from '../../../../policy/quotas.ts';
import { resourceOf } from '../../../../policy/record.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { WrittenPolicies } from '../../policies/written-policies.ts';
import { parseInput } from '../bodies.ts';
import type { planBodySchema } from '../schema/policy-plan.ts';

/** The parts of a gateway that documents are judged by. */
export interface JudgingParts {
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly writtenPolicies: Pick<WrittenPolicies, 'grants'>;
}

type Document = z.output<typeof planBodySchema>['documents'][number];
type Spec = Record<string, unknown>;

type Judgement =
  | { readonly spec: Spec; readonly resource: PolicyResource }
  | { readonly problem: IsthmusError };

export function judge(
  { config: { cluster }, writtenPolicies }: JudgingParts,
  { scope, kind, namespace, name, spec: given }: Document,
): Judgement {
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
