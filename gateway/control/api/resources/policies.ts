/** Owns the declarations of the policies that are written while gateways run: one of each kind there is. */
import { z } from 'zod';
import {
  collectionOf,
  type PolicyKindName,
  policyKindNames,
  singularOf,
} from '../../../../policy/kind-names.ts';
import { type PolicyKind, policyKinds } from '../../../../policy/kinds.ts';
import { type PolicyScope, policyRecordSchema } from '../../../../policy/record.ts';
import { labelSchema } from '../../../../registry/model.ts';
import { type Resource, resource } from '../resource.ts';
import { list, moment, named } from '../schema/shape.ts';

const { cluster } = policyRecordSchema.shape;

/** The fields that each has beside its name and what was put. */
const toldShape = {
  scope: z
    .enum(['cluster', 'federation'])
    .describe('Whose gateways go by it: those of the cluster, or of all clusters'),
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
  readonly scope: PolicyScope;
  readonly by: string;
  readonly at: number;
  readonly set?: string;
  readonly inForce: boolean;
  readonly reason?: string;
  readonly warnings: readonly string[];
}

/** What is said of policies, by whose gateways go by them. */
const words = {
  cluster: {
    resource: '',
    schema: '',
    path: '/v1/',
    wrote: 'Cluster whose gateways go by it',
    of: 'of this cluster',
    all: 'all gateways of this cluster',
  },
  federation: {
    resource: 'federation_',
    schema: 'Federation',
    path: '/v1/federation/',
    wrote: 'Cluster that wrote it, as its signature says',
    of: 'of the whole federation',
    all: 'the gateways of all clusters',
  },
} as const satisfies Record<PolicyScope, object>;

/** A kind as its policies are put, got, listed and deleted; `kind` is its name in PascalCase. */
function policyResource(kind: PolicyKindName, scope: PolicyScope): Resource {
  const declared = policyKinds[kind] as unknown as PolicyKind;
  const singular = singularOf(kind);
  const said = words[scope];
  const collection = `${said.path}${collectionOf(kind)}`;
  const one = singular.replaceAll('-', ' ');
  const a = /^[aeiou]/.test(one) ? `an ${one}` : `a ${one}`;
  const summary = scope === 'cluster' ? declared.summary : `${declared.summary}; at all clusters`;
  return resource({
    name: `${said.resource}${declared.resource ?? singular.replaceAll('-', '_')}`,
    plural: `${said.resource}${collectionOf(kind).replaceAll('-', '_')}`,
    tag: 'Policies',
    summary,
    path: `${collection}/{namespace}/{name}`,
    collection,
    params: z.strictObject({
      namespace: labelSchema.describe('Namespace that it is in'),
      name: labelSchema.describe(declared.naming),
    }),
    body: declared.spec,
    answer: named(`${said.schema}${kind}`, summary, {
      cluster: cluster.describe(said.wrote),
      namespace: labelSchema.describe('Namespace that it is in'),
      name: labelSchema.describe(declared.naming),
      ...declared.spec.shape,
      ...toldShape,
    }),
    asking: askingShape,
    derived: ['inForce', 'reason', 'warnings'],
    role: 'operator',
    says: {
      list: `Each ${one} ${said.of}`,
      get: `One ${one} ${said.of}, who wrote it, and whether it is in force here`,
      put: `Has ${said.all} go by ${a}, from now on`,
      delete: `Has them go by it no more`,
    },
  });
}

/** A kind of policy, whose gateways go by its policies, and how these are put. */
interface PolicyResource {
  readonly kind: PolicyKindName;
  readonly scope: PolicyScope;
  readonly resource: Resource;
}

/** In the order of `policyKindNames`, a cluster's own before the federation's. */
export const policyResources: readonly PolicyResource[] = (
  ['cluster', 'federation'] as const
).flatMap((scope) =>
  policyKindNames.map((kind) => ({ kind, scope, resource: policyResource(kind, scope) })),
);
