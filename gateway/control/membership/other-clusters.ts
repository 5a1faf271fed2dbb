/** Owns what a member does about others: it invites clusters, and gateways of its own, with tokens, and evicts clusters. */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Adoption } from '../../../federation/adoption.ts';
import { FederationClient } from '../../../federation/client.ts';
import { evict, evictThrough } from '../../../federation/leave.ts';
import type { Joined } from '../../../federation/member.ts';
import { createToken } from '../../../federation/token.ts';
import { kindPrefix } from '../../../registry/keys.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { FederationSession } from './federation-session.ts';
import type { Identity } from './identity.ts';
import type { Invitation } from './outcomes.ts';
import type { SessionSource } from './session-source.ts';

interface Inviter {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly source: SessionSource;
  readonly clock: Clock;
}

interface Asked {
  readonly ttlMs: number | undefined;
  /** The cluster in whose place another of its name is admitted; undefined for none's. */
  readonly replaces: ClusterName | undefined;
}

/** A place that is to be taken is of a member that is dead. Throws CLUSTER_NOT_FOUND or LEAVE_REFUSED. */
function refuseLiving(self: ClusterName, cluster: ClusterName, { clusters }: Snapshot): void {
  const view = clusters.get(cluster);
  if (cluster === self || view === undefined) {
    throw new IsthmusError('CLUSTER_NOT_FOUND', {
      what: `No other member is called ${cluster}, so there is none whose place another could take`,
      fix: 'See `isthmus get clusters`. Of a cluster that is no member any more the name is free: leave out `--replaces`.',
    });
  }
  const living = [...view.gateways.keys()];
  if (living.length === 0) return;
  throw new IsthmusError('LEAVE_REFUSED', {
    what: `${cluster} still has ${living.length} live gateway(s), so another does not take its place: ${living.join(', ')}`,
    fix: `Stop them, and wait some 30 s for their leases to end. For one more gateway of ${cluster}: \`isthmus token create --gateway\` there.`,
  });
}

/** Throws BODY_INVALID, CLUSTER_NOT_FOUND, LEAVE_REFUSED, or REGISTRY_DENIED where only the registry's host admits clusters. */
export async function inviteCluster(
  { config, identity, source, clock }: Inviter,
  { store, joined, client }: FederationSession,
  { ttlMs, replaces }: Asked,
): Promise<Invitation> {
  if (replaces !== undefined) refuseLiving(config.cluster, replaces, client.snapshot);
  try {
    const { text, ...rest } = await createToken({
      store,
      federation: config.federation,
      cluster: config.cluster,
      // Of all its gateways, once they are known.
      addresses: (
        client.snapshot.clusters.get(config.cluster)?.record ?? source.clusterDraft(clock.now())
      ).federation,
      fingerprint: identity.authority.keyId,
      signer: identity.authority,
      replaces,
      ttlMs,
      clock,
    });
    return { token: text, ...rest };
  } catch (thrown) {
    const error = asIsthmusError(thrown);
    if (error.code !== 'REGISTRY_DENIED') throw error;
    throw mayNotAdmit(config, joined, error);
  }
}

function mayNotAdmit(
  { cluster, federation }: GatewayConfig,
  { registry }: Joined,
  cause: IsthmusError,
): IsthmusError {
  if (registry.kind === 'etcd') {
    return new IsthmusError('REGISTRY_DENIED', {
      what: `${cluster} can't admit clusters: its user in etcd may not write join tokens (${cause.message})`,
      where: kindPrefix(federation, 'tokens', cluster),
      fix: 'Create the token at a cluster that may, or let this one: `isthmus registry prepare` with `--may admit`.',
      cause,
    });
  }
  return new IsthmusError('REGISTRY_DENIED', {
    what: `${cluster} can't admit clusters: another one hosts the registry`,
    fix: `Create the token there (${registry.hostTrustDomain}).`,
    cause,
  });
}

/** Makes a token for another gateway of this cluster, which this gateway alone takes. Throws BODY_INVALID or NOT_A_MEMBER. */
export function inviteGateway(
  { config, source, clock }: Omit<Inviter, 'identity'>,
  adoption: Adoption,
  ttlMs: number | undefined,
): Invitation {
  const own = source.clusterDraft(clock.now()).gateways[config.gateway];
  const { text, ...rest } = adoption.invite(own?.federation ?? [], ttlMs);
  return { token: text, ...rest };
}

/** Removes a cluster from the registry on behalf of `by`, which asked this gateway. Throws what the registry says. */
export async function evictFor(
  { config, identity, clock }: Omit<Inviter, 'source'>,
  { store, client }: FederationSession,
  cluster: ClusterName,
  by: ClusterName,
  force: boolean,
): Promise<void> {
  const { federation } = config;
  const { authority: signer } = identity;
  const known = client.snapshot.clusters.has(cluster);
  await evict({ store, federation, cluster, by, signer, force, known, clock });
}

/**
 * Evicts a cluster in the registry where this cluster may, else through one that may: the host of an embedded registry, or whichever member
 * an etcd lets. Throws what they say.
 */
export async function evictCluster(
  { config, identity, clock }: Omit<Inviter, 'source'>,
  session: FederationSession,
  cluster: ClusterName,
  force: boolean,
): Promise<void> {
  const { federation, cluster: by } = config;
  const { clusters } = session.client.snapshot;
  const { store } = session;
  const { authority: signer, leaf, trust } = identity;
  const known = clusters.has(cluster);
  const eviction = { store, federation, cluster, by, signer, force, known, clock };
  const host = session.joined.registry.hostTrustDomain;
  const asked = [...clusters.values()].flatMap(({ record }) =>
    record && record.cluster !== by && record.cluster !== cluster ? record : [],
  );
  const ways = asked
    .filter(({ trustDomain }) => host === undefined || trustDomain === host)
    .flatMap(({ federation: addresses, trustDomain }) =>
      addresses.map((address) => () => {
        const expect = parseTrustDomain(trustDomain);
        return new FederationClient({ address, trust, expect, identity: leaf.current, clock });
      }),
    );
  await evictThrough(eviction, ways);
}
