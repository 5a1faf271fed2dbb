/** Owns the operations on who may write policies of the whole federation: the grants, and who the founder is. */
import { z } from 'zod';
import type { ClusterName } from '../../../../core/names.ts';
import { type Charter, writersOf } from '../../../../federation/charter.ts';
import { clusterNameSchema } from '../../../../registry/model.ts';
import { notGranted } from '../../policies/grants.ts';
import type { WrittenPolicies } from '../../policies/written-policies.ts';
import { type Operation, operation } from '../operation.ts';
import { resourceOperations } from '../resource-operations.ts';
import { policyGrantResource } from '../resources/policy-grant.ts';
import { named } from '../schema/shape.ts';

type Item = z.output<typeof policyGrantResource.answer>;

const founderSchema = named('Founder', 'Who the founder of the federation is', {
  founder: z.string().describe("Cluster whose word says which may write the federation's policies"),
});

export function grantOperations({
  writtenPolicies,
}: {
  readonly writtenPolicies: Pick<WrittenPolicies, 'grants'>;
}): Operation[] {
  const find = (cluster: ClusterName) => {
    const { charter } = writtenPolicies.grants;
    return writersOf(charter).includes(cluster) ? itemOf(charter, cluster) : undefined;
  };
  const get = (cluster: ClusterName) => {
    const found = find(cluster);
    if (found === undefined) throw notGranted(cluster);
    return found;
  };
  return [
    ...resourceOperations(policyGrantResource, {
      find: ({ cluster }) => find(cluster),
      get: ({ cluster }) => get(cluster),
      async put({ cluster }, { reason }, { caller }) {
        await writtenPolicies.grants.grant(cluster, { by: caller.name, reason });
        return get(cluster);
      },
      delete: ({ cluster }) => writtenPolicies.grants.revoke(cluster),
      list: {
        key: ({ cluster }) => cluster,
        items() {
          const { charter } = writtenPolicies.grants;
          return writersOf(charter).map((cluster) => itemOf(charter, cluster));
        },
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/federation/founder',
      id: 'getFounder',
      tag: 'Federation',
      summary: 'Who the founder of the federation is, as this cluster has pinned it',
      role: 'viewer',
      answer: founderSchema,
      handle: () => ({ founder: writtenPolicies.grants.charter.founder }),
    }),
    operation({
      method: 'POST',
      path: '/v1/federation/founder',
      id: 'handOver',
      tag: 'Federation',
      summary: 'Makes another member the founder; asked of a gateway of the one that is',
      role: 'admin',
      body: z.strictObject({ cluster: clusterNameSchema.describe('Member that is to be it') }),
      answer: founderSchema,
      object: ({ body: { cluster } }) => `cluster ${cluster}`,
      state: () => ({ founder: writtenPolicies.grants.charter.founder }),
      async handle({ body: { cluster }, caller }) {
        await writtenPolicies.grants.handOver(cluster, { by: caller.name });
        return { founder: writtenPolicies.grants.charter.founder };
      },
    }),
  ];
}

function itemOf({ founder, said }: Charter, cluster: ClusterName): Item {
  const granted = said?.record.grants.find((one) => one.cluster === cluster);
  const { reason, by, at } = granted ?? {};
  return {
    cluster,
    founder: cluster === founder,
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    ...(at !== undefined && { at }),
  };
}
