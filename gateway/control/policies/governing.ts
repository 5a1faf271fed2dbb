/** Owns the policies in force at this gateway: those of its configuration, and those that were written in the registry, for its cluster or for all. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { Policies, type PolicyResource } from '../../../policy/effective.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { EndpointTrusts } from '../certificates/endpoint-trusts.ts';
import type { Changes } from '../changes.ts';
import type { GatewayConfig } from '../config/config.ts';
import { policiesOf } from '../config/policies.ts';

interface GoverningOptions {
  readonly config: GatewayConfig;
  /** One of the own cluster is for it alone, which makes it more specific than one of the configuration for the same target. */
  written(): readonly PolicyResource[];
  readonly catalog: Pick<Catalog, 'defaultsChanged'>;
  /** Hosts outside may be others. */
  outsideChanged(): void;
  readonly endpointTrusts: Pick<EndpointTrusts, 'want'>;
  readonly changes: Pick<Changes, 'tell'>;
}

export class Governing {
  readonly #options: GoverningOptions;
  #configured: Policies;
  #policies: Policies;

  constructor(options: GoverningOptions) {
    this.#options = options;
    this.#configured = policiesOf(options.config);
    this.#policies = this.#configured;
    for (const { kind, target } of this.#policies) {
      if (kind === 'ServiceDefaults' && target.service) this.#trustEndpoints(target.service);
    }
  }

  /** All of them; one that did not change stays the same object. */
  get policies(): Policies {
    return this.#policies;
  }

  /** Goes by another configuration. */
  configure(config: GatewayConfig): void {
    this.#configured = policiesOf(config);
    this.look();
  }

  /** Looks at what is written, and tells of what is otherwise than it was. */
  look(): void {
    const before = this.#policies;
    const delta = new Policies([...this.#configured, ...this.#options.written()]).since(before);
    if (delta.set.length + delta.removed.length === 0) return;
    this.#policies = before.with(delta);
    const { catalog, changes, config } = this.#options;
    changes.tell('policies');
    const outside = before.touched(delta, 'Egress') ?? new Set<ServiceName>();
    for (const service of outside.union(
      before.touched(delta, 'ServiceDefaults') ?? new Set<ServiceName>(),
    )) {
      this.#trustEndpoints(service);
      catalog.defaultsChanged(service);
    }
    if (outside.size > 0) this.#options.outsideChanged();
    // What other clusters are told of a service, and which of them it may be sent to, may be otherwise.
    const exports = before.touched(delta, 'ServiceExport') ?? [];
    const names = [...exports].flatMap((service) => [
      ...nameOf(before, service, config.cluster),
      ...nameOf(this.#policies, service, config.cluster),
    ]);
    const defaults = before.touched(delta, 'ServiceDefaults') ?? [];
    for (const service of new Set([...exports, ...names, ...defaults])) {
      changes.tell('endpoints', service);
    }
  }

  #trustEndpoints(service: ServiceName): void {
    const { config, endpointTrusts } = this.#options;
    const asked = { service, client: config.cluster, where: config.cluster };
    endpointTrusts.want(service, this.#policies.defaults(asked).tls);
  }
}

/** The other name by which a service is exported, where it has one. */
function nameOf(policies: Policies, service: ServiceName, where: ClusterName): ServiceName[] {
  const as = policies.exporting({ service, client: where, where })?.as;
  return as === undefined ? [] : [as];
}
