/** Owns deleting policies by name: each just as it was when it was looked at. */
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Items, PolicyGrantItem, Status } from '../../gateway/control/api/answers.ts';
import type { PolicyName } from '../../policy/read-documents.ts';
import type { AdminClient } from '../admin-client.ts';
import type { Cli } from '../cli.ts';
import { pathOf, remove } from './gateway.ts';
import { Outcomes } from './outcomes.ts';

interface Deleting {
  readonly isDryRun: boolean;
  /** Whether one that there is not is no failure. */
  readonly mayBeAbsent: boolean;
}

export async function deletePolicies(
  cli: Cli,
  policies: readonly PolicyName[],
  { isDryRun, mayBeAbsent }: Deleting,
): Promise<void> {
  const admin = await cli.admin();
  if (policies.some(({ scope }) => scope === 'federation')) await assertMayWriteForAll(admin);
  const outcomes = new Outcomes(cli, isDryRun);
  for (const policy of policies) {
    await outcomes.try(policy, async () => {
      const etag = await tagOf(admin, policy, mayBeAbsent);
      if (etag === undefined) return { result: 'absent' };
      if (!isDryRun) await remove(admin, policy, etag);
      return { result: 'deleted' };
    });
  }
  outcomes.finish();
}

/** Throws GRANT_MISSING before anything is deleted: some of several would be gone, and a dry run would not know. */
async function assertMayWriteForAll(admin: AdminClient): Promise<void> {
  const { cluster } = await admin.get<Status>('/v1/status');
  const { items } = await admin.get<Items<PolicyGrantItem>>('/v1/grants/policy');
  const writers = items.map((one) => one.cluster);
  if (writers.includes(cluster)) return;
  throw new IsthmusError('GRANT_MISSING', {
    what: `${cluster} may not write policies of the whole federation: ${writers.join(', ')} may`,
  });
}

async function tagOf(
  admin: AdminClient,
  policy: PolicyName,
  mayBeAbsent: boolean,
): Promise<string | undefined> {
  try {
    return (await admin.getTagged(pathOf(policy))).etag;
  } catch (thrown) {
    if (mayBeAbsent && asIsthmusError(thrown).code === 'POLICY_NOT_FOUND') return undefined;
    throw thrown;
  }
}
