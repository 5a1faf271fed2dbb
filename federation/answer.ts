/** Owns the joiner's check of the answer that makes it a member: the bundles it is asked to believe, and those it then does. */
import { parseBundle } from '../certs/bundle.ts';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { fingerprintOf } from '../certs/x509.ts';
import { IsthmusError } from '../core/errors.ts';
import { type ClusterName, trustDomainOf } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import {
  bundleRecordSchema,
  type ClusterRecord,
  clusterRecordSchema,
  parseRecord,
} from '../registry/model.ts';
import { verifyRecord } from '../registry/signing.ts';
import { type KeptCharter, keptCharterSchema, readCharter } from './charter.ts';
import { type Pin, type RegistryAccess, registryAccessSchema } from './member.ts';
import type { JoinReply, MemberRecords } from './messages.ts';
import type { JoinToken } from './token.ts';

/** A member as the admitting cluster presents it, its records proven by its own roots. */
interface PresentedMember {
  readonly record: ClusterRecord;
  readonly pin: Pin;
  /** Fingerprints of its roots. */
  readonly roots: readonly string[];
}

export interface Answer {
  readonly members: ReadonlyMap<ClusterName, PresentedMember>;
  readonly registry: RegistryAccess;
  /** As the admitting cluster tells it: its word counts for that as it does for who the members are. */
  readonly charter: KeptCharter | undefined;
}

/**
 * Reads an answer. The admitting cluster vouches for it by the root the token names, so that root must be in the bundle it shows
 * of itself; every member must have signed its own records. Throws what is wrong: RECORD_INVALID, RECORD_UNSIGNED,
 * BUNDLE_INVALID or CERT_UNTRUSTED.
 */
export function readAnswer(reply: JoinReply, token: JoinToken): Answer {
  const members = new Map<ClusterName, PresentedMember>();
  for (const records of reply.members) {
    const member = readMember(records, token);
    members.set(member.record.cluster, member);
  }
  if (!members.get(token.cluster)?.roots.includes(token.fingerprint)) {
    throw new IsthmusError('CERT_UNTRUSTED', {
      what: `${token.cluster} does not show the root that the token names as its own`,
    });
  }
  const registry = readRegistry(reply, token, members);
  return { members, registry, charter: readKeptCharter(reply, token) };
}

function readKeptCharter({ charter }: JoinReply, token: JoinToken): KeptCharter | undefined {
  if (!charter) return undefined;
  const kept = parseRecord(keptCharterSchema, 'charter', charter);
  readCharter(token.federation, kept);
  return kept;
}

function readMember({ clusterRecord, bundleRecord }: MemberRecords, token: JoinToken) {
  const { federation } = token;
  const record = parseRecord(clusterRecordSchema, 'members', clusterRecord);
  const { cluster } = record;
  const key = encodeKey(federation, { kind: 'clusters', cluster });
  const bundleKey = encodeKey(federation, { kind: 'bundles', cluster });
  const stored = parseRecord(bundleRecordSchema, bundleKey, bundleRecord);
  const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
  if (stored.cluster !== cluster || record.trustDomain !== trustDomain) {
    throw new IsthmusError('RECORD_FOREIGN', {
      what: `The records of ${cluster} name another cluster or trust domain`,
      where: key,
    });
  }
  const { roots } = parseBundle(stored.bundle, trustDomain);
  verifyRecord(key, JSON.parse(clusterRecord), roots);
  verifyRecord(bundleKey, JSON.parse(bundleRecord), roots);
  return {
    record,
    pin: { bundle: stored.bundle, admittedAt: stored.admission?.at ?? 0 },
    roots: roots.map((root) => fingerprintOf(root.raw)),
  };
}

function readRegistry(
  reply: JoinReply,
  token: JoinToken,
  members: ReadonlyMap<ClusterName, PresentedMember>,
): RegistryAccess {
  const { hostTrustDomain, ...access } = reply.registry ?? { hostTrustDomain: '' };
  const registry = parseRecord(
    registryAccessSchema,
    'registry',
    JSON.stringify({ ...access, ...(hostTrustDomain !== '' && { hostTrustDomain }) }),
  );
  const hosts = [...members.keys()].map((cluster) => trustDomainOf(cluster, token.federation));
  if (registry.kind === 'embedded' && !hosts.includes(registry.hostTrustDomain ?? '')) {
    throw new IsthmusError('CERT_UNTRUSTED', {
      what: 'The registry is hosted by a cluster that is not a member',
      where: registry.hostTrustDomain,
    });
  }
  return registry;
}
