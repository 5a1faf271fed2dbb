/** Owns how a cluster presents itself to one that may admit it: its two records and its proof, signed by its authority. */
import type { Authority } from '../certs/authority.ts';
import { encodeBundle } from '../certs/bundle.ts';
import { encodeKey } from '../registry/keys.ts';
import type { BundleRecord, ClusterRecord } from '../registry/model.ts';
import { signRecord } from '../registry/signing.ts';
import { type JoinRequest, protocolVersion } from './messages.ts';
import { possessionBytes } from './statements.ts';
import type { JoinToken } from './token.ts';

/** A cluster's record before it is signed. */
export interface ClusterDraft extends Omit<ClusterRecord, 'signature' | 'gateways'> {
  readonly gateways: NonNullable<ClusterRecord['gateways']>;
}

export function joinRequest(
  token: JoinToken,
  self: ClusterDraft,
  authority: Pick<Authority, 'bundle' | 'sign'>,
): JoinRequest {
  const { federation } = token;
  const { cluster } = self;
  const bundle: BundleRecord = { cluster, bundle: encodeBundle(authority.bundle()) };
  const statement = { federation, cluster, token: token.id, admitting: token.fingerprint };

  function signed(kind: 'clusters' | 'bundles', record: ClusterDraft | BundleRecord): string {
    return JSON.stringify(signRecord(encodeKey(federation, { kind, cluster }), record, authority));
  }

  return {
    protocolVersion,
    federation,
    cluster,
    tokenId: token.id,
    tokenSecret: token.secret,
    clusterRecord: signed('clusters', self),
    bundleRecord: signed('bundles', bundle),
    proof: authority.sign(possessionBytes(statement)),
  };
}
