/** Owns what this gateway knows of the federation, for policies to be looked at against. */
import type { Policies } from '../../../policy/effective.ts';
import type { Known } from '../../../policy/known.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { GatewayConfig } from '../config/config.ts';

/** The parts of a gateway that know. */
export interface KnowingParts {
  readonly catalog: Pick<Catalog, 'hasService' | 'records'>;
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly snapshot: Snapshot;
  readonly policies: Policies;
}

export function knownBy({ catalog, config, snapshot, policies }: KnowingParts): Known {
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
    hasLabels(service, labels) {
      const asked = Object.entries(labels);
      const hasAll = (own: Readonly<Record<string, string>>) =>
        asked.every(([label, value]) => own[label] === value);
      for (const { labels: own } of catalog.records(service)) if (hasAll(own)) return true;
      const view = snapshot.services.get(service);
      if (view === undefined) return false;
      return (
        view.endpoints.values().some(({ record }) => hasAll(record.labels)) ||
        view.exports
          .values()
          .some(({ labels: counted = {} }) =>
            asked.every(([label, value]) => counted[label]?.[value] !== undefined),
          )
      );
    },
    isMember: (cluster) => cluster === config.cluster || snapshot.clusters.has(cluster),
    hasRateLimit: (namespace, name) => policies.rateLimit(namespace, name) !== undefined,
  };
}
