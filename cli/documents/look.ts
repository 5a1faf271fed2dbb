/** Owns looking at the policies that documents name, as a gateway has them: those that there are, and an error for each other. */
import { asIsthmusError } from '../../core/errors.ts';
import type { PolicyItem } from '../../gateway/control/api/answers.ts';
import { type PolicyName, textOf } from '../../policy/read-documents.ts';
import type { PolicyScope } from '../../policy/record.ts';
import type { Cli } from '../cli.ts';
import { description } from '../descriptions/description.ts';
import { describePolicy } from '../descriptions/policy.ts';
import { exitCodeOf } from '../exit.ts';
import { type ListedKind, listedKinds, scoped } from '../policy-kinds.ts';
import type { View } from '../table.ts';
import { printable } from '../terminal.ts';
import { pathOf } from './gateway.ts';

type Found = { readonly kind: string } & PolicyItem;

/** `isthmus get -f`: a table for each kind. */
export async function listPolicies(cli: Cli, policies: readonly PolicyName[]): Promise<void> {
  const items = await each(cli, policies, async (policy): Promise<Found> => {
    const admin = await cli.admin();
    return { kind: policy.kind, ...(await admin.get<PolicyItem>(pathOf(policy))) };
  });
  cli.print(
    { items },
    (view) =>
      listedKinds
        .flatMap((listed) => [
          ...tableOf(listed, 'cluster', items, view),
          ...tableOf(listed, 'federation', items, view),
        ])
        .join('\n\n'),
    () => items.map((item) => printable(textOf(item))).join('\n'),
  );
}

function tableOf(
  listed: ListedKind,
  whose: PolicyScope,
  items: readonly Found[],
  view: View,
): string[] {
  const own = items.filter(({ kind, scope }) => kind === listed.kind && scope === whose);
  if (own.length === 0) return [];
  const title = whose === 'federation' ? `${listed.plural} of the federation` : listed.plural;
  return [`${view.paint('bold', title)}\n${listed.layout(own, view)}`];
}

/** `isthmus describe -f` */
export async function describePolicies(cli: Cli, policies: readonly PolicyName[]): Promise<void> {
  const found = await each(cli, policies, async ({ scope, kind, namespace, name }) => {
    const listed = listedKinds.find((one) => one.kind === kind);
    const options = { federation: scope === 'federation' };
    return (
      listed && describePolicy(await cli.admin(), scoped(listed, options), `${namespace}/${name}`)
    );
  });
  const findings = found.filter((one) => one !== undefined);
  cli.print({ items: findings.map(({ data }) => data) }, (view) =>
    findings.map((one) => description(one, view)).join('\n\n'),
  );
}

/** What `look` makes of each; what it throws is told, and the command ends as the first says. */
async function each<T>(
  cli: Cli,
  policies: readonly PolicyName[],
  look: (policy: PolicyName) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (const policy of policies) {
    try {
      found.push(await look(policy));
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      if (error.code !== 'POLICY_NOT_FOUND') throw error;
      cli.report(error);
      if (cli.exitCode === 0) cli.exitCode = exitCodeOf(error.kind);
    }
  }
  return found;
}
