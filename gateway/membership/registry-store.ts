/** Owns opening the registry a cluster uses: the embedded one of this or another gateway, or an etcd, with the right credentials. */
import { resolve } from 'node:path';
import { isWildcard, parseAddress } from '../../core/address.ts';
import type { Clock } from '../../core/clock.ts';
import { readSecret } from '../../core/files.ts';
import type { Log } from '../../core/log.ts';
import type { RegistryAccess } from '../../federation/member.ts';
import { type EtcdStore, openEtcdStore, type RegistryTls } from '../../registry/etcd-store.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { EtcdConfig } from '../config/registry.ts';
import type { Identity } from './identity.ts';

export interface RegistryStoreOptions {
  readonly config: GatewayConfig;
  readonly access: RegistryAccess;
  readonly identity: Identity;
  /** PEM roots of the cluster that hosts an embedded registry. */
  hostRoots(trustDomain: string): string;
  /** Where the embedded registry of this very gateway listens, if it hosts one. */
  readonly hosted: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens the store; it connects on first use. Throws FILE_UNREADABLE or CONFIG_INVALID for credentials that can't work. */
export async function openRegistryStore(options: RegistryStoreOptions): Promise<EtcdStore> {
  const { config, access, clock, log } = options;
  if (access.kind === 'embedded') {
    const endpoints = options.hosted ? [reachable(options.hosted)] : access.endpoints;
    return openEtcdStore({
      endpoints: endpoints.map((endpoint) => `https://${endpoint}`),
      tls: embeddedTls(options),
      clock,
      log,
    });
  }
  const etcd = config.registry?.etcd;
  if (!etcd) {
    return openEtcdStore({ endpoints: access.endpoints.map((e) => `http://${e}`), clock, log });
  }
  const tls = await etcdTls(etcd, config.baseDir);
  const auth = await etcdAuth(etcd, config.baseDir);
  return openEtcdStore({
    endpoints: etcd.endpoints,
    ...(tls && { tls }),
    ...(auth && { auth }),
    clock,
    log,
  });
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

async function etcdTls(etcd: EtcdConfig, baseDir: string): Promise<RegistryTls | undefined> {
  if (etcd.ca === undefined) return undefined;
  const file = (path: string) => readSecret(resolve(baseDir, path));
  return {
    ca: await file(etcd.ca),
    ...(etcd.cert === undefined ? {} : { cert: await file(etcd.cert) }),
    ...(etcd.key === undefined ? {} : { key: await file(etcd.key) }),
    ...(etcd.serverName === undefined ? {} : { serverName: etcd.serverName }),
  };
}

async function etcdAuth(etcd: EtcdConfig, baseDir: string) {
  if (etcd.username === undefined || etcd.passwordFile === undefined) return undefined;
  const password = (await readSecret(resolve(baseDir, etcd.passwordFile))).trim();
  return { username: etcd.username, password };
}
