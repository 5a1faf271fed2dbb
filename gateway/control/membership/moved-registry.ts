/** Owns taking up the registry that the configuration names, where the membership is of another one: the federation was moved there. */
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../../core/log.ts';
import { trustDomainOf } from '../../../core/names.ts';
import {
  isJoined,
  type Joined,
  type MembershipFile,
  type RegistryAccess,
} from '../../../federation/member.ts';
import type { GatewayConfig } from '../config/config.ts';

type Configured = Pick<GatewayConfig, 'cluster' | 'federation' | 'registry'>;

/** Whom this cluster is in a federation with, and where its registry is from now on; on disk when this resolves. Throws FILE_UNWRITABLE. */
export async function moveToConfigured(
  joined: Joined,
  file: MembershipFile,
  config: Configured,
  log: Log,
): Promise<Joined> {
  const access = movedTo(joined.registry, config);
  if (access === undefined || isDeepStrictEqual(access, joined.registry)) return joined;
  log.warn(
    { from: joined.registry, to: access },
    'the registry is the one that is configured, no longer the one before',
  );
  await file.update((state) => (isJoined(state) ? { ...state, registry: access } : state));
  return { ...joined, registry: access };
}

/** Where the configuration says that the registry is; undefined where it says nothing against `before`. */
function movedTo(
  before: RegistryAccess,
  { registry, cluster, federation }: Configured,
): RegistryAccess | undefined {
  const isEtcd = before.kind === 'etcd';
  if (registry?.etcd) {
    return isEtcd ? undefined : { kind: 'etcd', endpoints: addressesOf(registry.etcd) };
  }
  if (registry?.host) {
    const { cluster: host, endpoints } = registry.host;
    return hostedAt(endpoints, trustDomainOf(host, federation));
  }
  // A cluster that founded a federation and then joined another may have one of its own left, which nobody uses: to take another's place it says `host`.
  if (!isEtcd || !registry?.embedded) return undefined;
  const { advertise, listen } = registry.embedded;
  return hostedAt([advertise ?? listen], trustDomainOf(cluster, federation));
}

function hostedAt(endpoints: string[], hostTrustDomain: string): RegistryAccess {
  return { kind: 'embedded', endpoints, hostTrustDomain };
}

/** As a membership has them. */
export function addressesOf({ endpoints }: { readonly endpoints: readonly string[] }): string[] {
  return endpoints.map((url) => url.replace(/^https?:\/\//, ''));
}
