/** Owns the decision whether a bundle found in the registry is believed: pure, from what is believed already. */
import { type Bundle, bundleFingerprint, parseBundle } from '../certs/bundle.ts';
import { verifySignature } from '../certs/signature.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { fingerprintOf } from '../certs/x509.ts';
import { asIsthmusError, type ErrorCode, IsthmusError } from '../core/errors.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import { bundleRecordSchema, parseRecord } from '../registry/model.ts';
import { verifyRecord } from '../registry/signing.ts';
import { admissionBytes } from './statements.ts';

/** A bundle that is believed to be a cluster's. */
export interface BelievedBundle {
  readonly bundle: Bundle;
  /** When it was admitted, by the admitting cluster's clock; 0 for one that was there before us. */
  readonly admittedAt: number;
}

export interface Beliefs {
  readonly federation: FederationName;
  /** Bundles believed now, the own cluster's included. */
  readonly bundles: ReadonlyMap<ClusterName, BelievedBundle>;
  /** Clusters that left, with the admission they had. */
  readonly departed: ReadonlyMap<ClusterName, number>;
}

type Decision =
  | { readonly kind: 'accept'; readonly believed: BelievedBundle }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refuse'; readonly problem: IsthmusError };

/**
 * Decides on a BundleRecord as it was stored. A cluster whose bundle is believed vouches for its next one itself, by a
 * root believed so far, and never goes back in sequence. A cluster not known yet needs a member that is: its admission names
 * one root, and that very root must have signed the record, or a stolen registry could slip another in beside it.
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
  { bundle: known, admittedAt }: BelievedBundle,
): Decision {
  const bundle = readBundle(beliefs, cluster, key, raw);
  verifyRecord(key, raw, known.roots);
  if (bundleFingerprint(bundle) === bundleFingerprint(known)) return { kind: 'unchanged' };
  if (bundle.sequence < known.sequence) {
    const what = `Bundle ${bundle.sequence} is older than ${known.sequence}, which is believed`;
    throw refusal('BUNDLE_INVALID', key, what);
  }
  return { kind: 'accept', believed: { bundle, admittedAt } };
}

function considerNewcomer(
  beliefs: Beliefs,
  cluster: ClusterName,
  key: string,
  raw: unknown,
): BelievedBundle {
  const bundle = readBundle(beliefs, cluster, key, raw);
  const { admission } = parseRecord(bundleRecordSchema, key, JSON.stringify(raw));
  if (!admission) throw refusal('CERT_UNTRUSTED', key, `No member vouches for ${cluster}`);
  const { by, fingerprint, at, signature } = admission;
  const voucher = beliefs.bundles.get(by);
  if (!voucher || by === cluster) {
    throw refusal(
      'CERT_UNTRUSTED',
      key,
      `${by}, which vouches for ${cluster}, is not trusted here`,
    );
  }
  const statement = { federation: beliefs.federation, cluster, fingerprint, by, at };
  if (!verifySignature(voucher.bundle.roots, admissionBytes(statement), signature)) {
    throw refusal('RECORD_UNSIGNED', key, `The admission of ${cluster} is not signed by ${by}`);
  }
  if (at <= (beliefs.departed.get(cluster) ?? -1)) {
    throw refusal('CERT_UNTRUSTED', key, `${cluster} has left since it was admitted`);
  }
  const admitted = bundle.roots.filter((root) => fingerprintOf(root.raw) === fingerprint);
  verifyRecord(key, raw, admitted);
  return { bundle, admittedAt: at };
}

function readBundle(beliefs: Beliefs, cluster: ClusterName, key: string, raw: unknown): Bundle {
  const record = parseRecord(bundleRecordSchema, key, JSON.stringify(raw));
  if (record.cluster !== cluster) {
    throw refusal('RECORD_FOREIGN', key, `The record says it is of ${record.cluster}`);
  }
  return parseBundle(record.bundle, parseTrustDomain(trustDomainOf(cluster, beliefs.federation)));
}

function refusal(code: ErrorCode, where: string, what: string): IsthmusError {
  return new IsthmusError(code, { what, where });
}
