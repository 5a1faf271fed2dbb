/** Owns the registry's record of a policy: what was written, by whom and when, and reading it into what gateways go by. */
import { z } from 'zod';
import { IsthmusError } from '../core/errors.ts';
import { clusterNameSchema, labelSchema, signatureSchema } from '../registry/model.ts';
import { type PolicyKey, wholeFederation } from '../registry/policy-keys.ts';
import type { PolicyResource } from './effective.ts';
import { isPolicyKind } from './kind-names.ts';
import { type PolicyKind, policyKinds } from './kinds.ts';
import type { Known } from './known.ts';

/** `policies/<cluster>/<namespace>/<kind>/<name>`, for good; or `policies/@/...`, for the whole federation. */
export const policyRecordSchema = z.object({
  /** The cluster that wrote and signed it. */
  cluster: clusterNameSchema,
  namespace: labelSchema,
  kind: z.string().max(63),
  name: labelSchema,
  /** As it was written: durations as text, nothing filled in. Null: it was deleted, and is not to be brought back. */
  spec: z.record(z.string(), z.unknown()).nullable(),
  /** Who wrote it, as the audit names them. */
  by: z.string().max(500),
  /** By the clock of the gateway that was asked, wall milliseconds. */
  at: z.int().min(0),
  /** Which writing of this policy it is, from 1 on, its deletion and what comes after that included: so an older one is known for what it is. Absent: from before there were numbers. */
  number: z.int().min(1).optional(),
  /** The set that it was applied with, and may be pruned with; absent where it was written by itself. */
  set: labelSchema.optional(),
  signature: signatureSchema.optional(),
});

export type PolicyRecord = z.output<typeof policyRecordSchema>;

/** Whose gateways go by a policy: those of the cluster that wrote it, or those of all clusters. */
export type PolicyScope = 'cluster' | 'federation';

/** Unique among all policies of a gateway; those of its configuration have no slash in theirs. */
function policyName({ namespace, kind, name }: Omit<PolicyKey, 'cluster'>): string {
  return `${kind}/${namespace}/${name}`;
}

/** `<namespace>/<name>` of a policy that was written; undefined for one of the configuration. */
export function writtenAt({ name }: PolicyResource): string | undefined {
  const [own, namespace, kind] = name.split('/').reverse();
  return kind === undefined ? undefined : `${namespace}/${own}`;
}

/** A policy that was written, and whose it is, in words: `shop/orders of dc1`; undefined for one of the configuration. */
export function sourceOf(resource: PolicyResource): string | undefined {
  const written = writtenAt(resource);
  const owner = resource.ofFederation ? 'the federation' : resource.target.where;
  return written && `${written} of ${owner}`;
}

/**
 * What a record makes gateways go by; undefined for one that was deleted. Throws RECORD_INVALID naming the key and the
 * first field that is wrong.
 */
export function resourceOf(
  where: string,
  record: PolicyRecord,
  scope: PolicyScope = 'cluster',
): PolicyResource | undefined {
  const { spec, kind } = record;
  if (spec === null) return undefined;
  if (!isPolicyKind(kind)) {
    throw new IsthmusError('RECORD_INVALID', {
      what: `There is no kind ${kind} of policy in this version`,
      where,
      fix: 'If another gateway of this cluster is of a newer version, upgrade this one; else delete the key.',
    });
  }
  const { spec: schema, inForce }: PolicyKind = policyKinds[kind];
  const result = schema.safeParse(spec);
  if (result.success) {
    const made = { ...inForce(record, result.data), name: policyName(record) };
    return (scope === 'federation' ? everywhere(made) : made) as PolicyResource;
  }
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new IsthmusError('RECORD_INVALID', {
    what: path === '' ? (issue?.message ?? 'invalid') : `${path}: ${issue?.message}`,
    where,
  });
}

/** What a policy makes the gateways of one cluster do, done by those of all. */
function everywhere<R extends Omit<PolicyResource, 'spec'>>(made: R) {
  const { where: _, ...target } = made.target;
  return { ...made, target, name: `${wholeFederation}/${made.name}`, ofFederation: true as const };
}

/** What was written, parsed, by the object that holds it: it is looked at again whenever somebody asks for warnings. */
const parsed = new WeakMap<object, ReturnType<PolicyKind['spec']['safeParse']>>();

/** Why a policy does nothing so far, or not all that it says: sentences without their full stops. `spec` is never changed. */
export function warningsOf(
  { kind, ...place }: Pick<PolicyRecord, 'kind' | 'cluster' | 'namespace' | 'name'>,
  spec: object,
  known: Known,
): readonly string[] {
  if (!isPolicyKind(kind)) return [];
  const { spec: schema, warnings }: PolicyKind = policyKinds[kind];
  if (warnings === undefined) return [];
  const result = parsed.get(spec) ?? schema.safeParse(spec);
  parsed.set(spec, result);
  return result.success ? warnings(place, result.data, known) : [];
}
