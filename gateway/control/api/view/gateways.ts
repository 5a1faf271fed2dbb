/** Owns how the admin API lists the federation's gateways: those in the registry, those of the own cluster that were lost, and this one. */
import { byNaturalOrder } from '../../../../core/text-order.ts';
import type { GatewayRecord } from '../../../../registry/model.ts';
import type { ClusterView, Snapshot } from '../../../../registry/snapshot.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { Membership } from '../../membership/membership.ts';
import type { GatewayItem } from '../answers.ts';

interface FederationParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'gateway'>;
  readonly membership: Pick<Membership, 'session'>;
  readonly snapshot: Snapshot;
}

export function gatewayItems({ config, membership, snapshot }: FederationParts): GatewayItem[] {
  const { cluster, gateway } = config;
  const known = [...snapshot.clusters.values()].flatMap((view) =>
    Array.from(view.gateways.values(), (record) => itemOf(view, record, config)),
  );
  const nothing = { cluster, eastWest: [], federation: [], links: [] };
  const lost = Array.from(
    membership.session?.presence.lostSiblings ?? [],
    ([id, lostSince]): GatewayItem => ({
      ...{ ...nothing, id, state: 'lost', self: false, lostSince },
    }),
  );
  // Before it has told of itself, or while it is in no federation.
  const self: GatewayItem = { ...nothing, id: gateway, state: 'alive', self: true };
  return known.some((item) => item.self) ? [...known, ...lost] : [...known, ...lost, self];
}

function itemOf(
  { cluster, record }: ClusterView,
  { id, zone, version, startedAt, ending, links, rttMs }: GatewayRecord,
  self: FederationParts['config'],
): GatewayItem {
  const part = record?.gateways?.[id];
  const { eastWest = [], federation = [], network = '' } = part ?? {};
  return {
    cluster,
    id,
    state: ending ? 'ending' : 'alive',
    self: cluster === self.cluster && id === self.gateway,
    zone,
    version,
    startedAt,
    eastWest,
    federation,
    ...(part?.private && { private: { network, ...part.private } }),
    links: Object.entries(links)
      .sort(([a], [b]) => byNaturalOrder(a, b))
      .map(([to, state]) => {
        const measured = rttMs[to];
        return { cluster: to, state, ...(measured !== undefined && { rttMs: measured }) };
      }),
  };
}
