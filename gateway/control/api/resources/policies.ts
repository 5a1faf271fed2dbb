/** Owns the declarations of the policies that are written while gateways run: one of each kind there is. */
import { z } from 'zod';
import { collectionOf, policyKindNames, singularOf } from '../../../../policy/kind-names.ts';
import { type PolicyKind, policyKinds } from '../../../../policy/kinds.ts';
import { policyRecordSchema } from '../../../../policy/record.ts';
import { labelSchema } from '../../../../registry/model.ts';
import { type Resource, resource } from '../resource.ts';
import { list, moment, named } from '../schema/shape.ts';

const { cluster } = policyRecordSchema.shape;

/** The fields that each has beside its name and what was put. */
const toldShape = {
  by: z.string().describe('Who wrote it, as the audit names them'),
  at: moment.describe('When it was written, in milliseconds since 1970'),
  set: labelSchema
    .optional()
    .describe('Set that it was applied with, and may be pruned with; absent where it has none'),
  inForce: z.boolean().describe('Whether this gateway goes by it, in part at least'),
  reason: z
    .string()
    .optional()
    .describe('Why it does not; or why it goes by this, and not by what the registry has by now'),
  warnings: list(z.string()).describe('Why it does nothing so far, or not all that it says'),
};

/** What a PUT takes beside the policy. */
const askingShape = {
  set: labelSchema
    .optional()
    .describe('Set that it is of from now on, to be pruned with; without one it is of none'),
};

/** What is told of a policy of any kind, beside what it says. */
export interface PolicyItem {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly by: string;
  readonly at: number;
  readonly set?: string;
  readonly inForce: boolean;
  readonly reason?: string;
  readonly warnings: readonly string[];
}

/** A kind as its policies are put, got, listed and deleted; `kind` is its name in PascalCase. */
function policyResource(kind: string, declared: PolicyKind): Resource {
  const singular = singularOf(kind);
  const collection = `/v1/${collectionOf(kind)}`;
  const words = singular.replaceAll('-', ' ');
  const a = /^[aeiou]/.test(words) ? `an ${words}` : `a ${words}`;
  return resource({
    name: declared.resource ?? singular.replaceAll('-', '_'),
    plural: collectionOf(kind).replaceAll('-', '_'),
    tag: 'Policies',
    summary: declared.summary,
    path: `${collection}/{namespace}/{name}`,
    collection,
    params: z.strictObject({
      namespace: labelSchema.describe('Namespace that it is in'),
      name: labelSchema.describe(declared.naming),
    }),
    body: declared.spec,
    answer: named(kind, declared.summary, {
      cluster: cluster.describe('Cluster whose gateways go by it'),
      namespace: labelSchema.describe('Namespace that it is in'),
      name: labelSchema.describe(declared.naming),
      ...declared.spec.shape,
      ...toldShape,
    }),
    asking: askingShape,
    derived: ['inForce', 'reason', 'warnings'],
    role: 'operator',
    says: {
      list: `Each ${words} of this cluster`,
      get: `One ${words} of this cluster, who wrote it, and whether it is in force here`,
      put: `Has all gateways of this cluster go by ${a}, from now on`,
      delete: `Has them go by it no more`,
    },
  });
}

/** In the order of `policyKindNames`. */
export const policyResources: readonly Resource[] = policyKindNames.map((kind) =>
  policyResource(kind, policyKinds[kind] as unknown as PolicyKind),
);
