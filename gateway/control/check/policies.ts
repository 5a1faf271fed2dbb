/** Owns the findings on policies: those that are not used as they stand in the registry, and those that are valid and do nothing. */
import type { IsthmusError } from '../../../core/errors.ts';
import { singularOf } from '../../../policy/kind-names.ts';
import { warningsOf } from '../../../policy/record.ts';
import { type KnowingParts, knownBy } from '../policies/known.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import { type Finding, fromError, warning } from './finding.ts';

/** The parts of a gateway that say what its policies are. */
export interface PolicyParts extends KnowingParts {
  readonly policyProblems: readonly IsthmusError[];
  readonly writtenPolicies: Pick<WrittenPolicies, 'views'>;
}

/** One for each policy that there is something to say of. */
export function policies(gateway: PolicyParts): Finding[] {
  const known = knownBy(gateway);
  return [
    ...gateway.policyProblems.map((problem) => fromError('services', problem)),
    ...gateway.writtenPolicies.views.flatMap(({ record, scope }) => {
      const { kind, namespace, name, spec } = record;
      const warnings = warningsOf(record, spec, known);
      if (warnings.length === 0) return [];
      const isOfAll = scope === 'federation';
      const named = `${singularOf(kind)} ${namespace}/${name}`;
      const fix = `Correct it, or delete it: \`isthmus delete ${named}${isOfAll ? ' --federation' : ''}\`.`;
      const where = isOfAll ? `${named} of the federation` : named;
      return [{ ...warning('services', 'POLICY_DOUBTFUL', warnings.join('; '), fix), where }];
    }),
  ];
}
