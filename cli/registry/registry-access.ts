/** Owns how a command opens a registry by itself, past the gateway: an etcd, or the embedded one that a configuration leads to. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openAuthority } from '../../certs/authority.ts';
import { encodeBundle, parseBundle } from '../../certs/bundle.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';
import { IsthmusError } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { type FederationName, parseFederationName, trustDomainOf } from '../../core/names.ts';
import { type Joined, MembershipFile } from '../../federation/member.ts';
import { type GatewayConfig, loadConfig } from '../../gateway/control/config/config.ts';
import { authorityDir } from '../../gateway/control/membership/identity.ts';
import { openRegistryStore } from '../../gateway/control/membership/registry-store.ts';
import { openEtcdStore, type PagedStore } from '../../registry/etcd-store.ts';
import type { Cli } from '../cli.ts';
import { type EtcdFlags, etcdAccess } from './etcd-access.ts';

interface OpenedRegistry {
  readonly store: PagedStore;
  readonly federation: FederationName;
  /** For people. */
  readonly name: string;
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
  const federation = flags.federation ?? config?.federation;
  if (federation === undefined) {
    throw new IsthmusError('USAGE', {
      what: 'It is not said which federation',
      fix: 'Give --federation, or -c with the configuration of a gateway.',
    });
  }
  const access = await etcdAccess(cli, flags);
  return {
    store: openEtcdStore({ ...access, ...tools }),
    federation: parseFederationName(federation),
    name: `etcd at ${access.endpoints.join(', ')}`,
  };
}

/** The registry that the gateway's membership names, with a certificate of its cluster's. */
export async function openAsGateway(config: GatewayConfig): Promise<OpenedRegistry> {
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
  const { store } = await openRegistryStore({
    config,
    access: membership.registry,
    identity: { trustDomain, leaf: { current } },
    hostRoots: (host) => {
      const { roots } = parseBundle(bundles[host], parseTrustDomain(host));
      return roots.map((root) => root.toString()).join('\n');
    },
    hosted: undefined,
    ...tools,
  });
  const { kind, endpoints } = membership.registry;
  return { store, federation, name: `${kind} registry at ${endpoints.join(', ')}` };
}

/** Long enough for any backup, and gone soon after. */
const leafMs = 3600_000;

/** By trust domain. */
function pinnedBundles({ pins, federation }: Joined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(pins).map(([cluster, { bundle }]) => [`${cluster}.${federation}`, bundle]),
  );
}
