/** Owns what a cluster must show to be admitted: names, records and a bundle that fit together, and proof that it holds the key. */
import type { X509Certificate } from 'node:crypto';
import { type Bundle, parseBundle } from '../certs/bundle.ts';
import { extensionsOf } from '../certs/extensions.ts';
import { verifySignature } from '../certs/signature.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { fingerprintOf } from '../certs/x509.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import {
  type ClusterName,
  type FederationName,
  parseClusterName,
  trustDomainOf,
} from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import {
  type BundleRecord,
  bundleRecordSchema,
  clusterRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { verifyRecord } from '../registry/signing.ts';
import { type JoinRequest, protocolVersion } from './messages.ts';
import { possessionBytes } from './statements.ts';

/** Longest record an applicant may bring, in bytes of JSON. */
const maxRecordBytes = 64 * 1024;

/** A cluster that may be admitted. */
export interface Applicant {
  readonly cluster: ClusterName;
  /** Fingerprint of the root that signed its records and its proof. */
  readonly fingerprint: string;
  /** Its ClusterRecord as it sent it. */
  readonly clusterRecord: string;
  /** Its BundleRecord as it sent it: parsed, and stripped of nothing. */
  readonly bundleRecord: BundleRecord;
  readonly bundle: Bundle;
  /** Where it says that others reach it. */
  readonly addresses: readonly string[];
}

interface AdmittingSide {
  readonly federation: FederationName;
  /** Fingerprint of the admitting cluster's root, as the token names it. */
  readonly fingerprint: string;
}

/** Checks a join request but for its token. Throws JOIN_REFUSED, which names what is wrong. */
export function examine(request: JoinRequest, side: AdmittingSide): Applicant {
  try {
    return examineAll(request, side);
  } catch (thrown) {
    const error = asIsthmusError(thrown);
    if (error.code === 'JOIN_REFUSED') throw error;
    throw new IsthmusError('JOIN_REFUSED', {
      what: error.message,
      where: error.where,
      cause: thrown,
    });
  }
}

function examineAll(request: JoinRequest, { federation, fingerprint }: AdmittingSide): Applicant {
  if (request.protocolVersion !== protocolVersion) {
    throw refused(
      `The joining gateway speaks protocol version ${request.protocolVersion}, this one ${protocolVersion}`,
      'Run the same version on both sides.',
    );
  }
  if (request.federation !== federation) {
    throw refused(
      `The joining cluster is configured for the federation ${JSON.stringify(request.federation.slice(0, 120))}, this is ${federation}`,
      `Set \`federation: ${federation}\` in its configuration.`,
    );
  }
  const cluster = parseClusterName(request.cluster);
  const keys = {
    cluster: encodeKey(federation, { kind: 'clusters', cluster }),
    bundle: encodeKey(federation, { kind: 'bundles', cluster }),
  };
  refuseLong(request.clusterRecord, keys.cluster);
  refuseLong(request.bundleRecord, keys.bundle);
  const record = parseRecord(clusterRecordSchema, keys.cluster, request.clusterRecord);
  const { bundle: bundleJson, cluster: bundleOf } = parseRecord(
    bundleRecordSchema,
    keys.bundle,
    request.bundleRecord,
  );
  const trustDomain = trustDomainOf(cluster, federation);
  if (record.cluster !== cluster || bundleOf !== cluster || record.trustDomain !== trustDomain) {
    throw refused(
      `The records of ${cluster} name another cluster or trust domain than ${trustDomain}`,
      'Give the joining cluster the name its certificate authority was made for.',
    );
  }
  if (record.protocolVersion !== protocolVersion) {
    throw refused(`The record of ${cluster} has protocol version ${record.protocolVersion}`);
  }
  const bundle = parseBundle(bundleJson, parseTrustDomain(trustDomain));
  const root = constrainedRoot(bundle.roots, trustDomain, request.proof?.keyId);
  const clusterJson: unknown = JSON.parse(request.clusterRecord);
  const bundleRecord = JSON.parse(request.bundleRecord) as BundleRecord;
  verifyRecord(keys.cluster, clusterJson, [root]);
  verifyRecord(keys.bundle, bundleRecord, [root]);
  const statement = { federation, cluster, token: request.tokenId, admitting: fingerprint };
  if (!request.proof || !verifySignature([root], possessionBytes(statement), request.proof)) {
    throw refused(`${cluster} does not prove that it holds the key of its root`);
  }
  return {
    cluster,
    fingerprint: fingerprintOf(root.raw),
    clusterRecord: request.clusterRecord,
    bundleRecord,
    bundle,
    addresses: [...record.eastWest, ...record.federation],
  };
}

/** The root an applicant proves to hold: one whose authority can vouch for nothing but its own trust domain. */
function constrainedRoot(
  roots: readonly X509Certificate[],
  trustDomain: string,
  keyId: string | undefined,
): X509Certificate {
  const root = roots.find((candidate) => fingerprintOf(candidate.raw) === keyId);
  const hosts = root ? (extensionsOf(root).permittedHosts ?? []) : [];
  if (root && hosts.length > 0 && hosts.every((host) => host === trustDomain)) return root;
  throw refused(
    root
      ? `The root of the joining cluster is not constrained to ${trustDomain}`
      : 'The bundle of the joining cluster lacks the root that it signs with',
    'Let the joining gateway make its own certificate authority.',
  );
}

function refuseLong(record: string, where: string): void {
  if (record.length <= maxRecordBytes) return;
  throw new IsthmusError('JOIN_REFUSED', {
    what: `A record is longer than ${maxRecordBytes} bytes`,
    where,
  });
}

function refused(what: string, fix?: string): IsthmusError {
  return new IsthmusError('JOIN_REFUSED', { what, fix });
}
