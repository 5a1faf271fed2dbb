/** Owns what a cluster with several gateways says of itself: each gateway's own part, and the whole that others go by. */
import { IsthmusError } from '../core/errors.ts';
import type { ClusterRecord } from '../registry/model.ts';
import type { ClusterDraft } from './own-records.ts';

/** Most addresses in a record. */
const maxAddresses = 64;

/**
 * The cluster's record as one of its gateways writes it: its own part as `self` has it, the others' as they stand in
 * `known`, those of gateways that are gone left out. Where others dial is what all of them say together, in order of id.
 */
export function together(
  { capacity: _, ...self }: ClusterDraft,
  known: ClusterRecord['gateways'],
  gone: (gateway: string) => boolean,
): ClusterDraft {
  const others = Object.entries(known ?? {}).filter(([id]) => !gone(id));
  const parts = new Map([...others, ...Object.entries(self.gateways)]);
  const ordered = [...parts].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = (what: 'eastWest' | 'federation' | 'zones') => [
    ...new Set(ordered.flatMap(([, part]) => part[what])),
  ];
  return {
    ...self,
    gateways: Object.fromEntries(ordered),
    eastWest: all('eastWest').slice(0, maxAddresses),
    federation: all('federation').slice(0, maxAddresses),
    zones: all('zones').sort().slice(0, maxAddresses),
    ...leastCapacity(ordered.map(([, part]) => part)),
  };
}

/** What the cluster can take is for all of its gateways to say alike; where they differ, nothing is promised that one of them does not. */
function leastCapacity(
  parts: readonly Pick<ClusterRecord, 'capacity'>[],
): Pick<ClusterRecord, 'capacity'> {
  const stated = parts.flatMap(({ capacity }) => capacity ?? []);
  return stated.length === 0 ? {} : { capacity: Math.min(...stated) };
}

/**
 * Throws GATEWAYS_DISAGREE where another gateway of the cluster says that it is in another region: the one that was there first
 * stands. Those that are `missed` have no say.
 */
export function refuseOtherRegion(
  { cluster, region, gateways }: ClusterDraft,
  known: ClusterRecord['gateways'],
  missed: (gateway: string) => boolean,
): void {
  for (const [id, part] of Object.entries(known ?? {})) {
    if (Object.hasOwn(gateways, id) || missed(id)) continue;
    if (part.region === undefined || part.region === region) continue;
    const self = Object.keys(gateways).join(', ');
    throw new IsthmusError('GATEWAYS_DISAGREE', {
      what: `Gateway ${self} of ${cluster} is configured for the region ${region}, and ${id} for ${part.region}`,
    });
  }
}
