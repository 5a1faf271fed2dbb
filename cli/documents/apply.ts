/** Owns applying documents: judged by the gateway as a whole, then put one by one, then what is left of the set is deleted. */

import { type PolicyDocument, textOf } from '../../policy/read-documents.ts';
import type { Cli } from '../cli.ts';
import { moment } from '../words.ts';
import { type Plan, type Planned, planOf, put, refusalOf, remove } from './gateway.ts';
import { Outcomes } from './outcomes.ts';

interface Applying {
  readonly isDryRun: boolean;
  readonly set: string | undefined;
  readonly isPruned: boolean;
  readonly takesOver: boolean;
}

export async function applyPolicies(
  cli: Cli,
  documents: readonly PolicyDocument[],
  { isDryRun, set, isPruned, takesOver }: Applying,
): Promise<void> {
  const admin = await cli.admin();
  const plan = await acceptedPlan(cli, documents, set, takesOver);
  if (plan === undefined) return;
  const left = isPruned ? plan.left : [];
  if (left.length > 0) tellLeft(cli, left, set ?? '');
  const outcomes = new Outcomes(cli, isDryRun);
  for (const [i, document] of documents.entries()) {
    const planned = plan.items[i];
    if (planned === undefined || planned.change === 'refused') continue;
    const { change: result, inForce, reason, warnings } = planned;
    await outcomes.try(document, async () => {
      const isWritten = !isDryRun && result !== 'unchanged';
      const told = isWritten ? await put(admin, document, planned, set) : { inForce, reason };
      return { result, warnings, inForce: told.inForce, reason: told.reason };
    });
  }
  if (left.length > 0 && outcomes.hasFailed) {
    cli.note('Nothing was pruned, for not everything was applied.');
  } else {
    for (const one of left) {
      await outcomes.try(one, async () => {
        if (!isDryRun) await remove(admin, one, one.etag);
        return { result: 'deleted' };
      });
    }
  }
  outcomes.finish();
}

/** What would change, with its warnings told; undefined where the gateway refuses any of it, which is told. */
export async function acceptedPlan(
  cli: Cli,
  documents: readonly PolicyDocument[],
  set: string | undefined,
  takesOver = false,
): Promise<Plan | undefined> {
  const plan = await planOf(await cli.admin(), documents, { set, takesOver });
  const refusals = documents.flatMap((document, i) => {
    const planned = plan.items[i];
    return (planned && refusalOf(planned, document)) ?? [];
  });
  if (refusals.length > 0) {
    cli.fail(refusals);
    return undefined;
  }
  for (const [i, document] of documents.entries()) {
    const planned = plan.items[i];
    if (planned) for (const text of doubts(planned, set)) cli.warn(`${document.place()}: ${text}`);
  }
  return plan;
}

function doubts(planned: Planned, set: string | undefined): string[] {
  const { before, change, warnings } = planned;
  const name = textOf(planned);
  const isTaken = before?.set !== undefined && before.set !== set && change === 'configured';
  return [
    ...warnings.map((warning) => `${name}: ${warning}`),
    ...(isTaken ? [`${name} was of the set ${before.set}, and is of ${set ?? 'none'} then`] : []),
  ];
}

function tellLeft(cli: Cli, left: Plan['left'], set: string): void {
  cli.note(`Of the set ${set} no document says any more, and will be deleted:`);
  for (const one of left) cli.note(`  ${textOf(one)}, written by ${one.by} at ${moment(one.at)}`);
}
