/** Owns the enterprise's authority that the configuration names: read anew whenever a root is made under it, and only then. */
import { resolve } from 'node:path';
import type { FindParent } from '../../../certs/authority-files.ts';
import { readParentAuthority } from '../../../certs/parent-authority.ts';
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import { trustDomainOf } from '../../../core/names.ts';
import type { GatewayConfig } from '../config/config.ts';

type Configured = Pick<GatewayConfig, 'ca' | 'baseDir' | 'cluster' | 'federation'>;

export function configuredParent(config: Configured, clock: Clock): FindParent {
  return async () => {
    const { ca, baseDir, cluster, federation } = config;
    if (ca === undefined) return undefined;
    const pathOf = (path: string): string => resolve(baseDir, path);
    const files = {
      certificate: pathOf(ca.certificate),
      key: ca.key === undefined ? undefined : pathOf(ca.key),
      passwordFile: ca.passwordFile === undefined ? undefined : pathOf(ca.passwordFile),
    };
    const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
    return readParentAuthority(files, trustDomain, clock.now());
  };
}
