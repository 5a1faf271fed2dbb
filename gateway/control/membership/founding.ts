/** Owns how a federation begins: the registry its first cluster is configured with, and that cluster's records in it. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { found } from '../../../federation/announce.ts';
import type { Joined, RegistryAccess } from '../../../federation/member.ts';
import type { ClusterDraft } from '../../../federation/own-records.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from './identity.ts';
import { addressesOf } from './moved-registry.ts';
import { openRegistryStore } from './registry-store.ts';

interface FoundingOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly self: ClusterDraft;
  /** Where the embedded registry of this very gateway listens, if it hosts one. */
  readonly hosted: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whether the configuration makes this cluster its federation's first. */
export function isFounder({ registry }: GatewayConfig): boolean {
  return registry?.embedded !== undefined || registry?.etcd?.found === true;
}

/** Writes the first member's records. Harmless to repeat. Throws AUTHORITY_LOST, or what the registry throws. */
export async function foundFederation(options: FoundingOptions): Promise<Joined> {
  const { config, identity, self, hosted, clock, log } = options;
  const access = registryAccess(config, identity.trustDomain, hosted);
  const { store } = await openRegistryStore({
    config,
    identity,
    access,
    hosted,
    hostRoots: () => identity.authority.rootPem,
    clock,
    log,
  });
  try {
    return await found({
      store,
      federation: config.federation,
      self,
      authority: identity.authority,
      file: identity.membershipFile,
      registry: access,
    });
  } finally {
    await store.close();
  }
}

/** How members reach the registry that the configuration names. */
function registryAccess(
  { registry }: GatewayConfig,
  trustDomain: string,
  hosted: string | undefined,
): RegistryAccess {
  if (registry?.embedded) {
    const { advertise, listen } = registry.embedded;
    return {
      kind: 'embedded',
      endpoints: [advertise ?? hosted ?? listen],
      hostTrustDomain: trustDomain,
    };
  }
  return { kind: 'etcd', endpoints: registry?.etcd ? addressesOf(registry.etcd) : [] };
}
