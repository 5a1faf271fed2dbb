/** Owns the federation as drills see it through this gateway: members and their capacities, services as each cluster sees them, live gateways. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Report } from '../../../federation/drills/model.ts';
import type { DrillSpec } from '../../../federation/drills/spec.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { ClusterView, ServiceView, Snapshot } from '../../../registry/snapshot.ts';
import { decide } from '../../data/balance/decide.ts';
import type { Shift } from '../../data/balance/steering.ts';
import type { BalanceView, Caller } from '../../data/balance/types.ts';
import { viewFromAfar } from '../../data/balance/view.ts';

/** The parts of a gateway that are looked through. */
export interface Lens {
  readonly caller: Caller;
  snapshot(): Snapshot | undefined;
  /** Services with copies in this cluster. */
  ownServices(): Iterable<ServiceName>;
  /** The view that this gateway's own decisions on a service are made from, without load moved on purpose. */
  view(service: ServiceName): BalanceView;
  policy(service: ServiceName): BalancePolicy;
  /** Clusters that requests of a cluster for a service are never sent to, as far as that is known here. */
  neverTo(service: ServiceName, from: ClusterName): readonly ClusterName[] | undefined;
}

/** Services whose decisions a report shows. */
const shownServices = 5;

export class Sight {
  readonly #lens: Lens;
  readonly self: ClusterName;
  /** Load that is moved on purpose already. */
  readonly shifts: () => readonly Shift[];

  constructor(lens: Lens, shifts: () => readonly Shift[]) {
    this.#lens = lens;
    this.self = lens.caller.cluster;
    this.shifts = shifts;
  }

  policy(service: ServiceName): BalancePolicy {
    return this.#lens.policy(service);
  }

  /** Services anybody has copies of. */
  services(): readonly ServiceName[] {
    const names = new Set(this.#lens.ownServices());
    for (const [name, { exports, endpoints }] of this.#lens.snapshot()?.services ?? []) {
      const isOffered = [...exports.values()].some(({ localities }) => localities.length > 0);
      if (isOffered || endpoints.size > 0) names.add(name as ServiceName);
    }
    return [...names].sort();
  }

  clusters(): readonly ClusterName[] {
    return [...this.#clusters.keys()].sort();
  }

  /** Throws CLUSTER_NOT_FOUND. */
  assertMember(cluster: ClusterName): void {
    if (this.#clusters.get(cluster)?.record) return;
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }

  /** Throws SERVICE_NOT_FOUND. */
  assertService(service: ServiceName): void {
    if (this.services().includes(service)) return;
    throw new IsthmusError('SERVICE_NOT_FOUND', { what: `Nobody has a service ${service}` });
  }

  /** Requests per second a cluster states it can take. */
  capacity(cluster: ClusterName): number | undefined {
    return this.#clusters.get(cluster)?.record?.capacity;
  }

  /** Requests per second that a cluster states its copies of a service can take. */
  serviceCapacity(service: ServiceName, cluster: ClusterName): number | undefined {
    return this.#lens.snapshot()?.services.get(service)?.exports.get(cluster)?.capacity;
  }

  /** `<cluster>/<gateway>` of every live gateway. */
  gateways(): string[] {
    return [...this.#clusters.values()].flatMap(({ cluster, gateways }) =>
      [...gateways.keys()].map((id) => `${cluster}/${id}`),
    );
  }

  /** Live gateways of this cluster. */
  siblings(): string[] {
    return [...(this.#clusters.get(this.self)?.gateways.keys() ?? [])].sort();
  }

  caller(cluster: ClusterName): Caller {
    if (cluster === this.self) return this.#lens.caller;
    const { record, gateways } = this.#clusters.get(cluster) ?? {};
    const [gateway] = gateways?.values() ?? [];
    const zone = gateway?.zone ?? record?.zones[0] ?? '';
    return { cluster, region: record?.region ?? '', zone };
  }

  /** A service as gateways of a cluster see it, without load moved on purpose. */
  view(service: ServiceName, from: ClusterName): BalanceView {
    if (from === this.self) return this.#lens.view(service);
    const none: ServiceView = { service, endpoints: new Map(), exports: new Map() };
    const known = this.#lens.snapshot()?.services.get(service) ?? none;
    const neverTo = this.#lens.neverTo(service, from);
    return viewFromAfar(known, from, { clusters: this.#clusters }, neverTo);
  }

  /** The balancing decisions of now, seen from this gateway. */
  decisions({ scope }: DrillSpec): Report['decisions'] {
    const { caller } = this.#lens;
    const services = scope.service ? [scope.service] : this.services();
    return services.slice(0, shownServices).flatMap((service) => {
      const { tiers } = decide(this.#lens.view(service), caller, this.policy(service));
      return tiers.map(({ name, healthyLoad, degradedLoad, reason }) => ({
        ...{ service, tier: name, load: healthyLoad + degradedLoad, reason },
      }));
    });
  }

  /** The addresses where gateways of the other clusters take requests of members. */
  otherDoors(): readonly { readonly cluster: ClusterName; readonly address: string }[] {
    return [...this.#clusters.values()].flatMap(({ cluster, record }) =>
      cluster === this.self
        ? []
        : (record?.eastWest ?? []).map((address) => ({ cluster, address })),
    );
  }

  get #clusters(): ReadonlyMap<ClusterName, ClusterView> {
    return this.#lens.snapshot()?.clusters ?? new Map();
  }
}
