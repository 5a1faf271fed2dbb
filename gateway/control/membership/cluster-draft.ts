/** Owns what a cluster says of itself to the others, made from its configuration. */
import { isWildcard, parseAddress } from '../../../core/address.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { trustDomainOf } from '../../../core/names.ts';
import { protocolVersion } from '../../../federation/messages.ts';
import type { ClusterDraft } from '../../../federation/own-records.ts';
import type { GatewayConfig } from '../config/config.ts';

/** Addresses the listeners are bound to. */
type Bound = Readonly<Record<'eastWest' | 'federation', string>>;

/** The cluster's record before it is signed, as this gateway alone would have it. Throws CONFIG_INVALID where nobody else could dial what is advertised. */
export function clusterDraft(config: GatewayConfig, bound: Bound, joinedAt: number): ClusterDraft {
  const served = config.services.flatMap(({ endpoints }) =>
    endpoints.map(({ zone }) => zone ?? config.zone),
  );
  const part = {
    eastWest: advertised(config, bound, 'eastWest'),
    federation: advertised(config, bound, 'federation'),
    zones: [...new Set([config.zone, ...served])].sort(),
  };
  return {
    cluster: config.cluster,
    region: config.region,
    trustDomain: trustDomainOf(config.cluster, config.federation),
    ...part,
    gateways: { [config.gateway]: part },
    protocolVersion,
    ...(config.capacity === undefined ? {} : { capacity: config.capacity }),
    joinedAt,
  };
}

/** Addresses others dial: those advertised, else the one listened on. */
function advertised(
  config: GatewayConfig,
  bound: Bound,
  what: 'eastWest' | 'federation',
): string[] {
  const stated = config.advertise[what];
  if (stated) return stated;
  const { host } = parseAddress(bound[what]);
  if (!isWildcard(host)) return [bound[what]];
  throw new IsthmusError('CONFIG_INVALID', {
    what: `Other clusters can't dial ${bound[what]}`,
    where: `advertise.${what}`,
    fix: `Say where they reach this gateway: advertise: { ${what}: [<address>:<port>] }.`,
  });
}
