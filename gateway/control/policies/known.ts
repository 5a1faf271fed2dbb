/** Owns what this gateway knows of the federation, for policies to be looked at against. */
import type { Known } from '../../../policy/known.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { GatewayConfig } from '../config/config.ts';

/** The parts of a gateway that know. */
export interface KnowingParts {
  readonly catalog: Pick<Catalog, 'hasService'>;
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly snapshot: Snapshot;
}

export function knownBy({ catalog, config, snapshot }: KnowingParts): Known {
  return {
    hasService(service) {
      if (catalog.hasService(service)) return true;
      const view = snapshot.services.get(service);
      if (view === undefined) return false;
      return (
        view.endpoints.size > 0 ||
        [...view.exports.values()].some(({ localities }) => localities.length > 0)
      );
    },
    isMember: (cluster) => cluster === config.cluster || snapshot.clusters.has(cluster),
  };
}
