/** Owns one cluster's taking the place of another of its name, whose authority was lost: by a statement that a member signs for just that. */
import { parseBundle } from '../certs/bundle.ts';
import { verifySignature } from '../certs/signature.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { IsthmusError } from '../core/errors.ts';
import { type ClusterName, trustDomainOf } from '../core/names.ts';
import { type BundleRecord, bundleRecordSchema, parseRecord } from '../registry/model.ts';
import type { StoredValue } from '../registry/store.ts';
import type { Beliefs, BelievedBundle } from './beliefs.ts';
import { replacementBytes } from './statements.ts';

type Admission = NonNullable<BundleRecord['admission']>;

/**
 * The admission by which a member says that another of this name takes the place of the one that was admitted at `since`; undefined
 * where the record has none, or it is not newer, or not signed by a member. Whether the record is that other's is to be looked at yet.
 */
export function replacementOf(
  { bundles, federation }: Beliefs,
  cluster: ClusterName,
  since: number,
  { admission }: Pick<BundleRecord, 'admission'>,
): Admission | undefined {
  if (!admission?.replaces || admission.at <= since || admission.by === cluster) return undefined;
  const { by, fingerprint, at, replaces } = admission;
  const voucher = bundles.get(by);
  if (!voucher) return undefined;
  const anew = voucher.vouched?.[cluster];
  if (anew?.at === at) return anew.replaces && admission;
  const statement = replacementBytes({ federation, cluster, fingerprint, by, at });
  return verifySignature(voucher.bundle.roots, statement, replaces) ? admission : undefined;
}

interface Replaced {
  readonly beliefs: Beliefs;
  readonly cluster: ClusterName;
  readonly own: BelievedBundle['bundle'];
  /** When this cluster was admitted; 0 for a founder. */
  readonly since: number;
}

/**
 * The error of a cluster whose place another of its name has, by what stands in the registry as its bundle: both would write over each
 * other for ever. Undefined for any other value, which this cluster writes over.
 */
export function replacedBy(
  { beliefs, cluster, own, since }: Replaced,
  { key, value }: StoredValue,
): IsthmusError | undefined {
  const { federation } = beliefs;
  let admission: Admission | undefined;
  try {
    const record = parseRecord(bundleRecordSchema, key, value);
    const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
    const roots = new Set(own.roots.map((root) => root.fingerprint256));
    const isOwn = parseBundle(record.bundle, trustDomain).roots.some((root) =>
      roots.has(root.fingerprint256),
    );
    admission = isOwn ? undefined : replacementOf(beliefs, cluster, since, record);
  } catch {
    return undefined; // Readers report it as refused.
  }
  if (!admission) return undefined;
  return new IsthmusError('NOT_A_MEMBER', {
    what: `${admission.by} admitted another ${cluster} to ${federation} at ${new Date(admission.at).toISOString()}, in place of this one`,
    where: key,
    fix: 'If this is to be a gateway of that one: on one of its gateways `isthmus token create --gateway`, here `isthmus leave` and `isthmus join`. If it is to be the cluster again: a token of `isthmus token create --replaces`.',
  });
}
