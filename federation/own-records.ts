/** Owns the two records by which a cluster presents itself, signed by its authority: to the registry, and to one that may admit it. */
import type { Authority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import type { ClusterName, FederationName } from '../core/names.ts';
import { encodeKey } from '../registry/keys.ts';
import type { BundleRecord, ClusterRecord } from '../registry/model.ts';
import { signRecord } from '../registry/signing.ts';
import { type JoinRequest, protocolVersion } from './messages.ts';
import { possessionBytes } from './statements.ts';
import type { JoinToken } from './token.ts';

/** What a cluster says of itself, out of its configuration. */
export interface SelfDescription {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zones: readonly string[];
  /** East-west addresses other gateways dial. */
  readonly eastWest: readonly string[];
  /** Federation addresses other gateways, and joiners, call. */
  readonly federationAddresses: readonly string[];
  /** Requests per second this cluster can take from others. */
  readonly capacity?: number | undefined;
}

export interface OwnRecord<R> {
  readonly key: string;
  readonly record: R;
}

export function ownClusterRecord(
  self: SelfDescription,
  authority: Authority,
  joinedAt: number,
): OwnRecord<ClusterRecord> {
  const { cluster, region, capacity } = self;
  const key = encodeKey(self.federation, { kind: 'clusters', cluster });
  const record: ClusterRecord = {
    cluster,
    region,
    zones: [...self.zones],
    trustDomain: authority.trustDomain,
    eastWest: [...self.eastWest],
    federation: [...self.federationAddresses],
    protocolVersion,
    ...(capacity !== undefined && { capacity }),
    joinedAt,
  };
  return { key, record: signRecord(key, record, authority) };
}

export function ownBundleRecord(
  { federation, cluster }: SelfDescription,
  authority: Authority,
): OwnRecord<BundleRecord> {
  const key = encodeKey(federation, { kind: 'bundles', cluster });
  const record: BundleRecord = { cluster, bundle: encodeBundle(authority.bundle()) };
  return { key, record: signRecord(key, record, authority) };
}

export function joinRequest(
  token: JoinToken,
  self: SelfDescription,
  authority: Authority,
  now: number,
): JoinRequest {
  const { federation, cluster } = self;
  const statement = { federation, cluster, token: token.id, admitting: token.fingerprint };
  return {
    protocolVersion,
    federation,
    cluster,
    tokenId: token.id,
    tokenSecret: token.secret,
    clusterRecord: JSON.stringify(ownClusterRecord(self, authority, now).record),
    bundleRecord: JSON.stringify(ownBundleRecord(self, authority).record),
    proof: authority.sign(possessionBytes(statement)),
  };
}
