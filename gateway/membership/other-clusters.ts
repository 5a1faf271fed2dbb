/** Owns what a member does about other clusters: it invites them with tokens, and evicts them. */
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import type { Clock } from '../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { ClusterName } from '../../core/names.ts';
import { FederationClient } from '../../federation/client.ts';
import { evictThrough } from '../../federation/leave.ts';
import { createToken } from '../../federation/token.ts';
import type { CreatedToken } from '../admin/answers.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { FederationSession, SessionWorld } from './federation-session.ts';
import type { Identity } from './identity.ts';

export interface Inviter {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly world: SessionWorld;
  readonly clock: Clock;
}

/** Throws BODY_INVALID, or REGISTRY_DENIED where only the registry's host admits clusters. */
export async function inviteCluster(
  { config, identity, world, clock }: Inviter,
  { store, joined, client }: FederationSession,
  ttlMs: number | undefined,
): Promise<CreatedToken> {
  try {
    const { text, ...rest } = await createToken({
      store,
      federation: config.federation,
      cluster: config.cluster,
      // Of all its gateways, once they are known.
      addresses: (
        client.snapshot.clusters.get(config.cluster)?.record ?? world.clusterDraft(clock.now())
      ).federation,
      fingerprint: identity.authority.keyId,
      signer: identity.authority,
      ttlMs,
      clock,
    });
    return { token: text, ...rest };
  } catch (thrown) {
    const error = asIsthmusError(thrown);
    if (error.code !== 'REGISTRY_DENIED') throw error;
    throw new IsthmusError('REGISTRY_DENIED', {
      what: `${config.cluster} can't admit clusters: another one hosts the registry`,
      fix: `Create the token there (${joined.registry.hostTrustDomain}).`,
      cause: thrown,
    });
  }
}

/** By itself where this cluster may, else through the cluster that hosts the registry. Throws what the registry or that says. */
export async function evictCluster(
  { config, identity, clock }: Omit<Inviter, 'world'>,
  session: FederationSession,
  cluster: ClusterName,
  force: boolean,
): Promise<void> {
  const { federation, cluster: by } = config;
  const known = session.client.snapshot.clusters.has(cluster);
  await evictThrough({ store: session.store, federation, cluster, by, force, known, clock }, () => {
    const host = session.joined.registry.hostTrustDomain ?? '';
    const view = [...session.client.snapshot.clusters.values()].find(
      ({ record }) => record?.trustDomain === host,
    );
    const address = view?.record?.federation[0];
    if (address === undefined) {
      throw new IsthmusError('REGISTRY_DENIED', {
        what: 'The cluster that hosts the registry is not known',
      });
    }
    return new FederationClient({
      address,
      trust: identity.trust,
      expect: parseTrustDomain(host),
      identity: identity.leaf.current,
      clock,
    });
  });
}
