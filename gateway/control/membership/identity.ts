/** Owns who this gateway is: its cluster's authority, its own certificate, whom it trusts, and its membership on disk. */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type ChangingAuthority, openAuthority } from '../../../certs/authority.ts';
import { LeafRotation } from '../../../certs/rotation.ts';
import {
  gatewayId,
  parseTrustDomain,
  type SpiffeId,
  type TrustDomain,
} from '../../../certs/spiffe-id.ts';
import { TrustStore } from '../../../certs/trust-store.ts';
import { isWildcard, parseAddress } from '../../../core/address.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { trustDomainOf } from '../../../core/names.ts';
import { MembershipFile } from '../../../federation/member.ts';
import { addressOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';
import { configuredParent } from './configured-parent.ts';
import { openMark } from './data-folder-mark.ts';

export interface Identity {
  readonly id: SpiffeId;
  readonly trustDomain: TrustDomain;
  readonly authority: ChangingAuthority;
  /** The gateway's certificate, renewed at half its life. */
  readonly leaf: LeafRotation;
  /** What TLS verifies peers against: the own bundle, and those of believed members. */
  readonly trust: TrustStore;
  readonly membershipFile: MembershipFile;
  /** Tells this gateway from another one that has its id. */
  readonly mark: string;
}

/** The file in which the cluster's authority is kept. */
export function authorityDir(dataDir: string): string {
  return join(dataDir, 'ca');
}

/** Opens, or on the first start founds, everything below the data folder. Throws what its parts throw. */
export async function openIdentity(
  config: GatewayConfig,
  clock: Clock,
  random: Random,
  log: Log,
): Promise<Identity> {
  const trustDomain = parseTrustDomain(trustDomainOf(config.cluster, config.federation));
  const authority = await openAuthority({
    dir: authorityDir(config.dataDir),
    ...{ trustDomain, clock, findParent: configuredParent(config, clock) },
  });
  const membershipFile = await MembershipFile.open(config.dataDir);
  const id = gatewayId(trustDomain, config.gateway);
  const leaf = new LeafRotation({
    authority,
    request: { id, dnsNames: [trustDomain, 'localhost'], ipAddresses: ownAddresses(config) },
    clock,
    random,
    onFailure: (error, retryInMs) =>
      log.error({ err: error, retryInMs }, 'the certificate could not be renewed'),
  });
  await leaf.start();
  const trust = new TrustStore();
  trust.set(authority.bundle());
  let signedBy = authority.keyId;
  authority.onChange(() => {
    trust.set(authority.bundle());
    if (authority.keyId === signedBy) return;
    signedBy = authority.keyId;
    void leaf.renew();
  });
  const mark = await openMark(config.dataDir);
  return { id, trustDomain, authority, leaf, trust, membershipFile, mark };
}

/** IP addresses others may dial, so that clients which check them, as etcdctl does, find them in the certificate. */
function ownAddresses(config: GatewayConfig): string[] {
  const registry = config.registry?.embedded;
  const addresses = [
    config.listen.eastWest,
    config.listen.federation,
    ...(config.advertise.eastWest ?? []).map(addressOf),
    ...(config.advertise.federation ?? []).map(addressOf),
    ...(registry ? [registry.listen, registry.advertise ?? registry.listen] : []),
  ];
  const hosts = addresses.map((address) => parseAddress(address).host);
  return [...new Set([...hosts, '127.0.0.1'])].filter(
    (host) => isIP(host) !== 0 && !isWildcard(host),
  );
}
