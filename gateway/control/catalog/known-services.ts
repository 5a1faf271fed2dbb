/** Owns what a gateway knows of services: its own endpoints, its siblings' and their orphans, and what other clusters export. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { Policies } from '../../../policy/effective.ts';
import type { EndpointRecord } from '../../../registry/model.ts';
import type { ServiceView, Snapshot } from '../../../registry/snapshot.ts';
import { type Shift, steeringOf } from '../../data/balance/steering.ts';
import type { BalanceView } from '../../data/balance/types.ts';
import { usableFrom, viewFromHere } from '../../data/balance/view.ts';
import type { LinkStatus } from '../../data/link/cluster-links.ts';
import { narrowed, type ServicePart } from '../../data/worker/service-part.ts';
import type { Changes } from '../changes.ts';
import type { HealthChecker } from '../health/checker.ts';
import type { ExportTerms } from '../membership/publisher.ts';
import type { Catalog } from './catalog.ts';
import type { Home } from './endpoint-record.ts';
import { ListedServices } from './listed-services.ts';
import { Orphans } from './orphans.ts';

interface KnownServicesOptions {
  readonly home: Pick<Home, 'cluster' | 'gateway'>;
  readonly catalog: Pick<Catalog, 'services' | 'hasService' | 'records' | 'has'>;
  /** Probes orphans. */
  readonly checker: HealthChecker;
  /** Hears when an orphan's health changed, and tells when the registry's view of a service did. */
  readonly changes: Changes;
  snapshot(): Snapshot;
  link(cluster: ClusterName): LinkStatus;
  /** The shifts by which drills and standing orders lead traffic elsewhere. */
  shifts(): readonly Shift[];
  policies(): Policies;
  /** An orphan's probes failed. */
  dropOrphan(service: ServiceName, id: string): void;
}

export class KnownServices {
  readonly listed: ListedServices;
  readonly #options: KnownServicesOptions;
  readonly #orphans: Orphans;

  constructor(options: KnownServicesOptions) {
    const { checker, changes, dropOrphan } = options;
    this.#options = options;
    this.listed = new ListedServices(options);
    this.#orphans = new Orphans(
      checker,
      (service) => changes.tell('endpoints', service),
      dropOrphan,
    );
    changes.join({
      snapshot: ({ services }) => {
        for (const service of services) this.#orphans.follow(service, this.published(service));
      },
    });
  }

  /** Names of all services that are registered here, or stand in the registry. */
  *names(): IterableIterator<ServiceName> {
    const { catalog, snapshot } = this.#options;
    yield* catalog.services();
    for (const { service } of snapshot().services.values()) {
      if (!catalog.hasService(service)) yield service;
    }
  }

  /** A service as the registry has it; without endpoints or exports where it does not know the service. */
  published(service: ServiceName): ServiceView {
    const known = this.#options.snapshot().services.get(service);
    return known ?? { service, endpoints: new Map(), exports: new Map() };
  }

  /** Endpoints of a service in this cluster as they were registered: this gateway's, then those of its siblings by way of the registry. */
  endpoints(service: ServiceName): EndpointRecord[] {
    const { catalog, home } = this.#options;
    const records = [...catalog.records(service)];
    for (const held of this.published(service).endpoints.values()) {
      const { gateway, id } = held.record;
      if (gateway === home.gateway || catalog.has(service, id)) continue;
      records.push(this.#orphans.current(held));
    }
    return records;
  }

  /** The same; whether other clusters may use them is as the policy in force says, where there is one. */
  offered(service: ServiceName): EndpointRecord[] {
    const exported = this.#options.policies().exporting(this.#asked(service))?.exported;
    const endpoints = this.endpoints(service);
    return exported === undefined ? endpoints : endpoints.map((one) => ({ ...one, exported }));
  }

  /** The endpoints that other clusters are told of by a name, which may be another than their service's own. */
  told(name: ServiceName): EndpointRecord[] {
    const service = this.#meantBy(name);
    const isMeant = service !== name || this.exportedAs(name) === undefined;
    return this.offered(service).map((one) => ({
      ...one,
      service: name,
      exported: isMeant && one.exported,
    }));
  }

  /** The name by which other clusters know a service, where that is not its own. */
  exportedAs(service: ServiceName): ServiceName | undefined {
    return this.#options.policies().exporting(this.#asked(service))?.as;
  }

  /** What this cluster says of a service that it exports, beside its endpoints, to those who know it by that name. */
  exportTerms(name: ServiceName): ExportTerms {
    const policies = this.#options.policies();
    const service = this.#meantBy(name);
    const to = policies.exporting(this.#asked(service))?.to;
    const { capacity } = policies.defaults(this.#asked(service));
    return { ...(to && { to: [...to] }), ...(capacity !== undefined && { capacity }) };
  }

  /** The summaries of a service by which requests may be sent to other clusters from here. */
  usable(service: ServiceName): ServiceView['exports'] {
    const { home, policies } = this.#options;
    const { neverTo } = policies().defaults(this.#asked(service));
    const usable = usableFrom(home.cluster, this.published(service).exports, neverTo);
    // By a name for others there is nothing here.
    if (this.#meantBy(service) === service || !usable.has(home.cluster)) return usable;
    return new Map([...usable].filter(([cluster]) => cluster !== home.cluster));
  }

  /** The view that decisions on a service, or on a part of it, are made from, here. */
  balanceView(service: ServiceName, part: ServicePart = {}): BalanceView {
    const { home, link, shifts, snapshot } = this.#options;
    const whole = { endpoints: this.endpoints(service), exports: this.usable(service) };
    const { endpoints, exports } = narrowed(whole, part, home.cluster);
    const view = viewFromHere(service, home.cluster, endpoints, exports, snapshot().clusters, link);
    return { ...view, steering: steeringOf(shifts(), service) };
  }

  /** The service that other clusters mean by a name: one that is exported by that very name comes first. */
  #meantBy(name: ServiceName): ServiceName {
    const { home, policies } = this.#options;
    const other = policies().exportNames(home.cluster).get(name);
    if (other === undefined) return name;
    const isOwn = this.exportedAs(name) === undefined;
    return isOwn && this.offered(name).some(({ exported }) => exported) ? name : other;
  }

  #asked(service: ServiceName) {
    const { cluster } = this.#options.home;
    return { service, client: cluster, where: cluster };
  }
}
