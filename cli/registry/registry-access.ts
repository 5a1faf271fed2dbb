/** Owns how a command opens a registry by itself, past the gateway: an etcd, or the embedded one that a configuration leads to. */
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { type FederationName, parseFederationName } from '../../core/names.ts';
import type { RegistryAccess } from '../../federation/member.ts';
import { type GatewayConfig, loadConfig } from '../../gateway/control/config/config.ts';
import { openRegistryStore } from '../../gateway/control/membership/registry-store.ts';
import { startEmbeddedRegistry } from '../../registry/embedded/index.ts';
import { openEtcdStore, type PagedStore } from '../../registry/etcd-store.ts';
import type { Cli } from '../cli.ts';
import { type EtcdFlags, etcdAccess } from './etcd-access.ts';
import { type GatewayStanding, standingOf } from './gateway-standing.ts';

export interface OpenedRegistry {
  readonly store: PagedStore;
  readonly federation: FederationName;
  readonly kind: RegistryAccess['kind'];
  /** For people. */
  readonly name: string;
  close(): Promise<void>;
}

const tools = { clock: systemClock, log: silentLog };

/** Throws USAGE where nothing says which, and what reading the files that are needed throws. */
export async function openRegistry(
  cli: Cli,
  flags: EtcdFlags & { readonly federation?: string },
): Promise<OpenedRegistry> {
  const config = flags.config === undefined ? undefined : await loadConfig(flags.config);
  if (flags.endpoints === undefined && config !== undefined && !config.registry?.etcd) {
    return openAsGateway(config);
  }
  return openEtcd(cli, flags, config?.federation);
}

/** The etcd that the flags or the configuration name. Throws as `openRegistry` does. */
export async function openEtcd(
  cli: Cli,
  flags: EtcdFlags & { readonly federation?: string },
  configured: FederationName | undefined,
): Promise<OpenedRegistry> {
  const federation = flags.federation ?? configured;
  if (federation === undefined) {
    throw new IsthmusError('USAGE', {
      what: 'It is not said which federation',
      fix: 'Give --federation, or -c with the configuration of a gateway.',
    });
  }
  const access = await etcdAccess(cli, flags);
  return opened(
    'etcd',
    openEtcdStore({ ...access, ...tools }),
    parseFederationName(federation),
    `etcd at ${access.endpoints.join(', ')}`,
  );
}

/** The registry that the gateway's membership names, with a certificate of its cluster's. */
export async function openAsGateway(config: GatewayConfig): Promise<OpenedRegistry> {
  const standing = await standingOf(config);
  const { registry } = standing.membership;
  const { kind, endpoints } = registry;
  return openFor(config, standing, registry, `${kind} registry at ${endpoints.join(', ')}`);
}

/** The embedded registry that the gateway of this machine hosts, and runs. */
export async function openHosted(config: GatewayConfig, listen: string): Promise<OpenedRegistry> {
  const standing = await standingOf(config);
  const access = hostedBy(standing, listen);
  return openFor(config, standing, access, `embedded registry at ${listen}`, listen);
}

/** The embedded registry whose file is `file`, which nobody else has open: made where there is none, and served to this process alone. */
export async function openFile(config: GatewayConfig, file: string): Promise<OpenedRegistry> {
  const standing = await standingOf(config);
  const { trustDomain, leaf, rootsOf } = standing;
  const { chainPem: cert, keyPem: key } = leaf.current;
  const registry = await startEmbeddedRegistry({
    file,
    listen: '127.0.0.1:0',
    tls: { cert, key },
    trust: [{ trustDomain, rootsPem: rootsOf(trustDomain) }],
    hostTrustDomain: trustDomain,
    log: silentLog,
  });
  const { address } = registry;
  const access = hostedBy(standing, address);
  const client = await openFor(config, standing, access, file, address);
  return {
    ...client,
    async close() {
      await client.close();
      await registry.close();
    },
  };
}

async function openFor(
  config: GatewayConfig,
  identity: GatewayStanding,
  access: RegistryAccess,
  name: string,
  hosted?: string,
): Promise<OpenedRegistry> {
  const hostRoots = (host: string) => identity.rootsOf(host).join('\n');
  const { store } = await openRegistryStore({
    ...{ config, access, identity, hostRoots, hosted },
    ...tools,
  });
  return opened(access.kind, store, config.federation, name);
}

function opened(
  kind: RegistryAccess['kind'],
  store: PagedStore,
  federation: FederationName,
  name: string,
): OpenedRegistry {
  return { kind, store, federation, name, close: () => store.close() };
}

function hostedBy({ trustDomain }: GatewayStanding, listen: string): RegistryAccess {
  return { kind: 'embedded', endpoints: [listen], hostTrustDomain: trustDomain };
}
