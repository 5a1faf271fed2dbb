/** Owns what a cluster says of itself to the others, made from its configuration. */
import { isWildcard, parseAddress } from '../../../core/address.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { trustDomainOf } from '../../../core/names.ts';
import { protocolVersion } from '../../../federation/messages.ts';
import type { ClusterDraft } from '../../../federation/own-records.ts';
import { type Advertised, addressOf, networkOf, scopeOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';

/** Addresses the listeners are bound to. */
type Bound = Readonly<Record<'eastWest' | 'federation', string>>;

/** The cluster's record before it is signed, as this gateway alone would have it. Throws CONFIG_INVALID where nobody else could dial what is advertised. */
export function clusterDraft(config: GatewayConfig, bound: Bound, joinedAt: number): ClusterDraft {
  const served = config.services.flatMap(({ endpoints }) =>
    endpoints.map(({ zone }) => zone ?? config.zone),
  );
  const lists = {
    eastWest: advertised(config, bound, 'eastWest'),
    federation: advertised(config, bound, 'federation'),
    zones: [...new Set([config.zone, ...served])].sort(),
  };
  const stated = {
    region: config.region,
    ...(config.capacity === undefined ? {} : { capacity: config.capacity }),
  };
  return {
    cluster: config.cluster,
    trustDomain: trustDomainOf(config.cluster, config.federation),
    ...lists,
    ...stated,
    gateways: { [config.gateway]: { ...lists, ...stated, ...nearby(config) } },
    protocolVersion,
    joinedAt,
  };
}

/** What gateways of the same network try first. */
function nearby(config: GatewayConfig) {
  const { eastWest = [], federation = [] } = config.advertise;
  const near = {
    eastWest: withScope(eastWest, 'private'),
    federation: withScope(federation, 'private'),
  };
  if (near.eastWest.length + near.federation.length === 0) return {};
  return { network: networkOf(config), private: near };
}

function withScope(all: readonly Advertised[], scope: ReturnType<typeof scopeOf>): string[] {
  return all.filter((one) => scopeOf(one) === scope).map(addressOf);
}

/** Addresses others dial: those advertised, else the one listened on. */
function advertised(
  config: GatewayConfig,
  bound: Bound,
  what: 'eastWest' | 'federation',
): string[] {
  const stated = config.advertise[what];
  if (stated) return withScope(stated, 'public');
  const { host } = parseAddress(bound[what]);
  if (!isWildcard(host)) return [bound[what]];
  throw new IsthmusError('CONFIG_INVALID', {
    what: `Other clusters can't dial ${bound[what]}`,
    where: `advertise.${what}`,
    fix: `Say where they reach this gateway: advertise: { ${what}: [<address>:<port>] }.`,
  });
}
