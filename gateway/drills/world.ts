/** Owns what drills see of the federation through this gateway: members, views, capacities, live gateways. */
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { History } from '../../federation/drills/measures.ts';
import type { ServiceView, Snapshot } from '../../registry/snapshot.ts';
import type { Shift } from '../balance/steering.ts';
import type { BalancePolicy, BalanceView, Caller } from '../balance/types.ts';
import { viewFromAfar } from '../balance/view.ts';
import type { PredictionWorld } from './predict.ts';

/** The parts of a gateway that are looked through. */
export interface Lens {
  readonly caller: Caller;
  snapshot(): Snapshot | undefined;
  /** Services with copies in this cluster. */
  ownServices(): Iterable<ServiceName>;
  /** What this gateway's own decisions on a service are made from. */
  view(service: ServiceName): BalanceView;
  policy(service: ServiceName): BalancePolicy;
}

export interface FederationWorld extends PredictionWorld {
  /** `<cluster>/<gateway>` of every live gateway. */
  gateways(): string[];
  isMember(cluster: ClusterName): boolean;
  /** Live gateways of this cluster. */
  siblings(): string[];
}

export function federationWorld(
  lens: Lens,
  shifts: () => readonly Shift[],
  histories: () => ReadonlyMap<string, History>,
): FederationWorld {
  const self = lens.caller.cluster;
  const clusters = () => lens.snapshot()?.clusters ?? new Map();

  function serviceView(service: ServiceName): ServiceView {
    const none = { service, endpoints: new Map(), exports: new Map() };
    return lens.snapshot()?.services.get(service) ?? none;
  }

  return {
    self,
    shifts,
    get histories() {
      return histories();
    },
    policy: (service) => lens.policy(service),
    services() {
      const names = new Set(lens.ownServices());
      for (const [name, view] of lens.snapshot()?.services ?? []) {
        const offered = [...view.exports.values()].some(({ localities }) => localities.length > 0);
        if (offered || view.endpoints.size > 0) names.add(name as ServiceName);
      }
      return [...names].sort();
    },
    clusters: () => [...clusters().keys()].sort(),
    isMember: (cluster) => clusters().get(cluster)?.record !== undefined,
    capacity: (cluster) => clusters().get(cluster)?.record?.capacity,
    gateways: () =>
      [...clusters().values()].flatMap(({ cluster, gateways }) =>
        [...gateways.keys()].map((id) => `${cluster}/${id}`),
      ),
    siblings: () => [...(clusters().get(self)?.gateways.keys() ?? [])].sort(),
    caller(cluster) {
      if (cluster === self) return lens.caller;
      const view = clusters().get(cluster);
      const [gateway] = view?.gateways.values() ?? [];
      return {
        cluster,
        region: view?.record?.region ?? '',
        zone: gateway?.zone ?? view?.record?.zones[0] ?? '',
      };
    },
    view(service, from) {
      if (from === self) return lens.view(service);
      return viewFromAfar(serviceView(service), from, { clusters: clusters() });
    },
  };
}
