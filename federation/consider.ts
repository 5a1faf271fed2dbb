/** Owns the decision whether a bundle found in the registry is believed: pure, from what is believed already. */
import type { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Bundle, bundleFingerprint, parseBundle } from '../certs/bundle.ts';
import { chainFrom, followChain, leadsTo } from '../certs/bundle-chain.ts';
import { namesOneOf, verifySignature } from '../certs/signature.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { fingerprintOf } from '../certs/x509.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../core/errors.ts';
import { type ClusterName, trustDomainOf } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import { type BundleRecord, bundleRecordSchema, parseRecord } from '../registry/model.ts';
import { verifyRecord } from '../registry/signing.ts';
import type { Beliefs, BelievedBundle } from './beliefs.ts';
import { replacementOf } from './replacement.ts';
import { admissionBytes } from './statements.ts';

type Decision =
  | { readonly kind: 'accept'; readonly believed: BelievedBundle }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refuse'; readonly problem: IsthmusError };

/**
 * Decides on a BundleRecord as it was stored. A cluster whose bundle is believed vouches for its next one itself, by a
 * root believed so far, or by a chain of bundles from what is believed to what it says now; and never goes back in sequence. A cluster
 * not known yet needs a member that is: its admission names one root, and that very root must have signed the record, or begun the chain
 * that leads to it, or a stolen registry could slip another in beside it. A cluster that is believed gives way to another of its name
 * only where a member signed just that.
 */
export function considerBundle(beliefs: Beliefs, cluster: ClusterName, raw: unknown): Decision {
  const key = encodeKey(beliefs.federation, { kind: 'bundles', cluster });
  try {
    const believed = beliefs.bundles.get(cluster);
    return believed
      ? considerUpdate(beliefs, cluster, key, raw, believed)
      : { kind: 'accept', believed: considerNewcomer(beliefs, cluster, key, raw) };
  } catch (thrown) {
    return { kind: 'refuse', problem: asIsthmusError(thrown, 'RECORD_INVALID') };
  }
}

function considerUpdate(
  beliefs: Beliefs,
  cluster: ClusterName,
  key: string,
  raw: unknown,
  { bundle: known, admittedAt, vouched }: BelievedBundle,
): Decision {
  const { bundle, record } = readBundle(beliefs, cluster, key, raw);
  if (replacementOf(beliefs, cluster, admittedAt, record)) {
    return { kind: 'accept', believed: considerNewcomer(beliefs, cluster, key, raw) };
  }
  verifyBundle(key, raw, { known, bundle, record });
  const isSame = bundleFingerprint(bundle) === bundleFingerprint(known);
  if (bundle.sequence < known.sequence) {
    if (isSame) return { kind: 'unchanged' };
    const what = `Bundle ${bundle.sequence} is older than ${known.sequence}, which is believed`;
    throw refusal('BUNDLE_INVALID', key, what);
  }
  if (isSame && bundle.sequence === known.sequence && isDeepStrictEqual(record.vouched, vouched)) {
    return { kind: 'unchanged' };
  }
  return { kind: 'accept', believed: { bundle, admittedAt, vouched: record.vouched } };
}

/** Throws RECORD_UNSIGNED or BUNDLE_INVALID unless `known` vouches for the record: by itself, or by a chain that begins with it. */
export function verifyBundle(
  key: string,
  raw: unknown,
  {
    known,
    bundle,
    record,
  }: { readonly known: Bundle; readonly bundle: Bundle; readonly record: BundleRecord },
): void {
  const { chain = [], signature } = record;
  const isDirect = signature === undefined || namesOneOf(known.roots, signature);
  if (isDirect || chain.length === 0) {
    verifyRecord(key, raw, known.roots);
    return;
  }
  if (!leadsTo(known, chain, bundle)) {
    const what = 'The chain of bundles does not lead to the roots of the record';
    throw refusal('BUNDLE_INVALID', key, what);
  }
  verifyRecord(key, raw, bundle.roots);
}

function considerNewcomer(
  beliefs: Beliefs,
  cluster: ClusterName,
  key: string,
  raw: unknown,
): BelievedBundle {
  const { bundle, record } = readBundle(beliefs, cluster, key, raw);
  const { admission, vouched } = record;
  if (!admission) throw refusal('CERT_UNTRUSTED', key, `No member vouches for ${cluster}`);
  const { by, at } = admission;
  const voucher = beliefs.bundles.get(by);
  if (!voucher || by === cluster) {
    throw refusal(
      'CERT_UNTRUSTED',
      key,
      `${by}, which vouches for ${cluster}, is not trusted here`,
    );
  }
  const admitted = admittedRoots(beliefs, cluster, admission, voucher);
  if (admitted === undefined) {
    throw refusal('RECORD_UNSIGNED', key, `The admission of ${cluster} is not signed by ${by}`);
  }
  if (at <= (beliefs.departed.get(cluster) ?? -1)) {
    throw new IsthmusError('RECORD_STALE', {
      what: `${cluster} has left since it was admitted, and is in the registry all the same: that was restored from a backup`,
      where: key,
      fix: `It is not believed. A member that may takes it out again by itself; else \`isthmus leave --cluster ${cluster} --force\`. To have it back: \`isthmus join\` there, with a new token.`,
    });
  }
  verifyRecord(key, raw, rootsFrom(admitted, { bundle, record }));
  return { bundle, admittedAt: at, vouched };
}

/** Fingerprints of the roots that `by` vouches for: in the admission itself, or anew in its own record since its root was changed. */
function admittedRoots(
  { federation }: Beliefs,
  cluster: ClusterName,
  { by, fingerprint, at, signature }: NonNullable<BundleRecord['admission']>,
  voucher: BelievedBundle,
): readonly string[] | undefined {
  const anew = voucher.vouched?.[cluster];
  if (anew?.at === at) return anew.fingerprints;
  const statement = admissionBytes({ federation, cluster, fingerprint, by, at });
  return verifySignature(voucher.bundle.roots, statement, signature) ? [fingerprint] : undefined;
}

/** The roots that may sign the record, given those that were admitted: they, or what a chain leads to that begins with them. */
function rootsFrom(
  admitted: readonly string[],
  { bundle, record: { chain = [] } }: { readonly bundle: Bundle; readonly record: BundleRecord },
): Bundle['roots'] {
  const { trustDomain } = bundle;
  const links = chain.map((link) => parseBundle(JSON.parse(link.bundle), trustDomain));
  const roots = [bundle, ...links]
    .flatMap((one) => one.roots)
    .filter((root) => admitted.includes(fingerprintOf(root.raw)));
  const known = { ...bundle, sequence: 0, roots };
  const rest = chainFrom(roots, trustDomain, chain);
  if (rest.length === 0) return roots.filter((root) => isAmong(bundle, root));
  const reached = followChain(known, rest);
  return bundleFingerprint(reached) === bundleFingerprint(bundle) ? bundle.roots : [];
}

function isAmong(bundle: Bundle, { fingerprint256 }: X509Certificate): boolean {
  return bundle.roots.some((root) => root.fingerprint256 === fingerprint256);
}

export function readBundle(
  { federation }: Pick<Beliefs, 'federation'>,
  cluster: ClusterName,
  key: string,
  raw: unknown,
): { readonly bundle: Bundle; readonly record: BundleRecord } {
  const record = parseRecord(bundleRecordSchema, key, JSON.stringify(raw));
  if (record.cluster !== cluster) {
    throw refusal('RECORD_FOREIGN', key, `The record says it is of ${record.cluster}`);
  }
  const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
  return { bundle: parseBundle(record.bundle, trustDomain), record };
}

function refusal(code: ErrorCode, where: string, what: string): IsthmusError {
  return new IsthmusError(code, { what, where });
}
