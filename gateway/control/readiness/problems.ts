/** Owns what is told of a gateway as wrong: the problems of its parts, gathered. */
import type { IsthmusError } from '../../../core/errors.ts';

/** A part that has several at once, or none. */
interface Several {
  readonly problems: readonly IsthmusError[];
}

/** A part that has one at a time, or none. */
interface One {
  readonly problem: IsthmusError | undefined;
}

interface PolicyParts {
  readonly writtenPolicies: Several;
  readonly endpointTrusts: Several;
  readonly issuerKeys: Several;
}

interface ProblemParts extends PolicyParts {
  readonly membership: Several;
  readonly drills: Several;
  readonly auditTrail: Several;
  readonly foreignBundles: Several;
  readonly rootRotation: One;
  readonly clocks: One;
  readonly configProblem: IsthmusError | undefined;
  readonly registrationsProblem: IsthmusError | undefined;
  readonly namesProblem: IsthmusError | undefined;
}

/** Problems with the membership, the registry, the disk, the clock, names and the configuration file, each with its fix. */
export function problemsOf(gateway: ProblemParts): readonly IsthmusError[] {
  const single = [
    ...[gateway.registrationsProblem, gateway.configProblem, gateway.rootRotation.problem],
    ...[gateway.clocks.problem, gateway.namesProblem],
  ];
  return [
    ...gateway.membership.problems,
    ...policyProblemsOf(gateway),
    ...gateway.drills.problems,
    ...gateway.auditTrail.problems,
    ...gateway.foreignBundles.problems,
    ...single.filter((problem) => problem !== undefined),
  ];
}

/** One for each written policy that is not used as it stands in the registry, and for each whose files can't be used. */
export function policyProblemsOf(gateway: PolicyParts): readonly IsthmusError[] {
  const { writtenPolicies, endpointTrusts, issuerKeys } = gateway;
  return [...writtenPolicies.problems, ...endpointTrusts.problems, ...issuerKeys.problems];
}
