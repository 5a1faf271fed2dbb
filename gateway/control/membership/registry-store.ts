/** Owns opening the registry a cluster uses: the embedded one of this or another gateway, or an etcd, with the right credentials. */
import type { LeafRotation } from '../../../certs/rotation.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import { isWildcard, parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { RegistryAccess } from '../../../federation/member.ts';
import { openEtcdStore, type PagedStore, type RegistryTls } from '../../../registry/etcd-store.ts';
import type { GatewayConfig } from '../config/config.ts';
import { EtcdCredentials } from './etcd-credentials.ts';

interface RegistryStoreOptions {
  readonly config: GatewayConfig;
  readonly access: RegistryAccess;
  readonly identity: {
    readonly trustDomain: TrustDomain;
    readonly leaf: Pick<LeafRotation, 'current'>;
  };
  /** PEM roots of the cluster that hosts an embedded registry. */
  hostRoots(trustDomain: string): string;
  /** Where the embedded registry of this very gateway listens, if it hosts one. */
  readonly hosted: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface OpenedRegistry {
  readonly store: PagedStore;
  /** Credentials for an etcd that is configured; they are not watched yet. */
  readonly credentials?: EtcdCredentials;
}

/** Opens the store; it connects on first use. Throws FILE_UNREADABLE, CERT_INVALID or CONFIG_INVALID for credentials that can't work. */
export async function openRegistryStore(options: RegistryStoreOptions): Promise<OpenedRegistry> {
  const { config, access, clock, log } = options;
  if (access.kind === 'embedded') {
    const endpoints = options.hosted ? [reachable(options.hosted)] : access.endpoints;
    const store = openEtcdStore({
      endpoints: endpoints.map((endpoint) => `https://${endpoint}`),
      tls: embeddedTls(options),
      clock,
      log,
    });
    return { store };
  }
  const etcd = config.registry?.etcd;
  if (!etcd) {
    const endpoints = access.endpoints.map((e) => `http://${e}`);
    return { store: openEtcdStore({ endpoints, clock, log }) };
  }
  const credentials = await EtcdCredentials.open({ etcd, baseDir: config.baseDir, clock, log });
  const { tls, user } = credentials;
  const store = openEtcdStore({
    endpoints: etcd.endpoints,
    ...(tls && { tls }),
    ...(user && { user }),
    clock,
    log,
  });
  return { store, credentials };
}

/** How this gateway proves itself to an embedded registry, and whom it expects there. */
export function embeddedTls(
  options: Pick<RegistryStoreOptions, 'access' | 'identity' | 'hostRoots'>,
): RegistryTls {
  const { access, identity } = options;
  const host = access.hostTrustDomain ?? identity.trustDomain;
  const { chainPem, keyPem } = identity.leaf.current;
  return { ca: options.hostRoots(host), cert: chainPem, key: keyPem, serverName: host };
}

/** An address that is listened on, as one that can be dialed. */
function reachable(listened: string): string {
  const { host, port } = parseAddress(listened);
  return isWildcard(host) ? `127.0.0.1:${port}` : listened;
}
