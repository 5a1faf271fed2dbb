/** Owns what a gateway knows of services: its own endpoints, its siblings' and their orphans, and what other clusters export. */
import type { ServiceName } from '../core/names.ts';
import type { EndpointRecord } from '../registry/model.ts';
import type { ServiceView } from '../registry/snapshot.ts';
import { steeringOf } from './balance/steering.ts';
import type { BalanceView } from './balance/types.ts';
import { viewFromHere } from './balance/view.ts';
import { Orphans } from './catalog/orphans.ts';
import type { Gateway } from './gateway.ts';
import type { HealthChecker } from './health/checker.ts';

export class KnownServices {
  readonly #gateway: Gateway;
  readonly #orphans: Orphans;

  /** `changed` is called when an orphan's health did. */
  constructor(gateway: Gateway, checker: HealthChecker, changed: (service: ServiceName) => void) {
    this.#gateway = gateway;
    this.#orphans = new Orphans(checker, changed, (service, id) =>
      gateway.membership.session?.client.dropOrphan(service, id),
    );
  }

  /** Of everything that is registered here, or stands in the registry. */
  *names(): IterableIterator<ServiceName> {
    const { catalog, snapshot } = this.#gateway;
    yield* catalog.services();
    for (const { service } of snapshot.services.values()) {
      if (!catalog.hasService(service)) yield service;
    }
  }

  /** What the registry has of a service; of one it does not know, nothing. */
  published(service: ServiceName): ServiceView {
    const known = this.#gateway.snapshot.services.get(service);
    return known ?? { service, endpoints: new Map(), exports: new Map() };
  }

  /** Endpoints of a service in this cluster: this gateway's, then those of its siblings by way of the registry. */
  endpoints(service: ServiceName): EndpointRecord[] {
    const { catalog, config } = this.#gateway;
    const records = [...catalog.records(service)];
    for (const held of this.published(service).endpoints.values()) {
      const { gateway, id } = held.record;
      if (gateway === config.gateway || catalog.has(service, id)) continue;
      records.push(this.#orphans.current(held));
    }
    return records;
  }

  /** What decisions on a service are made from, here. */
  balanceView(service: ServiceName): BalanceView {
    const { config, effects, snapshot, workers } = this.#gateway;
    const view = viewFromHere(
      service,
      config.cluster,
      this.endpoints(service),
      this.published(service).exports,
      snapshot.clusters,
      (name) => workers.links.state(name),
    );
    return { ...view, steering: steeringOf(effects.shifts, service) };
  }

  /** Looks at a service after the registry's view of it changed. */
  look(service: ServiceName): void {
    this.#orphans.follow(service, this.published(service));
  }
}
