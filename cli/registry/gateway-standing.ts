/** Owns how a command on a gateway's machine is that gateway: a certificate of its cluster's, its membership, and whom that trusts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LeafIdentity, openAuthority } from '../../certs/authority.ts';
import { encodeBundle, parseBundle } from '../../certs/bundle.ts';
import { gatewayId, parseTrustDomain, type TrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { trustDomainOf } from '../../core/names.ts';
import { type Joined, MembershipFile } from '../../federation/member.ts';
import type { GatewayConfig } from '../../gateway/control/config/config.ts';
import { authorityDir } from '../../gateway/control/membership/identity.ts';

export interface GatewayStanding {
  readonly trustDomain: TrustDomain;
  readonly leaf: { readonly current: LeafIdentity };
  readonly membership: Joined;
  /** Of this cluster or another member, in PEM. Throws CERT_INVALID for a cluster that is none. */
  rootsOf(trustDomain: string): readonly string[];
}

/** Long enough for any backup, and gone soon after. */
const leafMs = 3600_000;

/** Throws NOT_A_MEMBER, and what reading the data folder throws. */
export async function standingOf(config: GatewayConfig): Promise<GatewayStanding> {
  const { cluster, federation, dataDir } = config;
  const dir = authorityDir(dataDir);
  // Opening an authority founds one where there is none.
  if (!existsSync(join(dir, 'ca.key'))) {
    throw new IsthmusError('NOT_A_MEMBER', {
      what: 'There is no gateway of a federation here: its authority is not there',
      where: dir,
      fix: 'Run it on the machine of the gateway, as its user.',
    });
  }
  const membership = (await MembershipFile.open(dataDir)).joined();
  const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
  const authority = await openAuthority({ dir, trustDomain, clock: systemClock });
  const id = gatewayId(trustDomain, config.gateway);
  const current = await authority.issueLeaf({ id, dnsNames: [trustDomain], lifetimeMs: leafMs });
  const bundles = { ...pinnedBundles(membership), [trustDomain]: encodeBundle(authority.bundle()) };
  return {
    trustDomain,
    leaf: { current },
    membership,
    rootsOf(of) {
      const { roots } = parseBundle(bundles[of], parseTrustDomain(of));
      return roots.map((root) => root.toString());
    },
  };
}

/** By trust domain. */
function pinnedBundles({ pins, federation }: Joined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(pins).map(([cluster, { bundle }]) => [`${cluster}.${federation}`, bundle]),
  );
}
