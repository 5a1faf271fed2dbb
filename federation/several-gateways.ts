/** Owns what a cluster with several gateways says of itself: each gateway's own part, and the whole that others go by. */
import type { ClusterRecord } from '../registry/model.ts';
import type { ClusterDraft } from './own-records.ts';

/** Most addresses in a record. */
const maxAddresses = 64;

/**
 * The cluster's record as one of its gateways writes it: its own part as `self` has it, the others' as they stand in
 * `known`, those of gateways that are gone left out. Where others dial is what all of them say together, in order of id.
 */
export function together(
  self: ClusterDraft,
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
  };
}
