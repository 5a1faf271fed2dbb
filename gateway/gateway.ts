/** Owns one running gateway: its parts, how they hear of each other, and the order they start and end in. */
import { join } from 'node:path';
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import type { Clock, Random } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ServiceName } from '../core/names.ts';
import { version } from '../core/version.ts';
import { FederationService } from '../federation/service.ts';
import type { EndpointRecord, GatewayRecord } from '../registry/model.ts';
import type { Snapshot, SnapshotDelta } from '../registry/snapshot.ts';
import type { Caller } from './balance/types.ts';
import { Catalog } from './catalog.ts';
import { clusterDraft } from './cluster-draft.ts';
import { configuredEndpoints, type GatewayConfig, policyOf, timeoutsOf } from './config.ts';
import { HealthChecker } from './health/checker.ts';
import { type Identity, openIdentity } from './identity.ts';
import { mutualTlsDial } from './link/dial.ts';
import { LinkPool } from './link/pool.ts';
import { Listeners } from './listeners.ts';
import { Membership } from './membership.ts';
import { Orphans } from './orphans.ts';
import { createEndpointTransport } from './proxy/endpoint-transport.ts';
import { createProxy, type GatewayProxy } from './proxy/proxy.ts';
import { NameResolver } from './proxy/resolve.ts';
import { RegistrationsFile } from './registrations-file.ts';
import { Routing } from './routing.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export type GatewayState = 'starting' | 'ready' | 'draining';

/** What the gateway knows of the federation while it is in none. */
const nothing: Pick<Snapshot, 'clusters' | 'revision'> = { clusters: new Map(), revision: 0 };
/** Round trips and link states are published at most this often. */
const publishGatewayEveryMs = 1_000;

export class Gateway {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly catalog: Catalog;
  readonly links: LinkPool;
  readonly routing: Routing;
  readonly membership: Membership;
  readonly proxy: GatewayProxy;
  readonly #options: GatewayOptions;
  readonly #checker: HealthChecker;
  readonly #orphans: Orphans;
  readonly #endpoints: ReturnType<typeof createEndpointTransport>;
  readonly #registrations: RegistrationsFile;
  #state: GatewayState = 'starting';
  #listeners: Listeners | undefined;
  #cancelPublish: (() => void) | undefined;

  private constructor(options: GatewayOptions, identity: Identity) {
    const { config, clock, random, log } = options;
    const { cluster, federation, region, zone, gateway } = config;
    this.#options = options;
    this.config = config;
    this.clock = clock;
    this.identity = identity;
    this.startedAt = clock.now();
    this.caller = { cluster, region, zone };
    const resolver = new NameResolver({ clock, log });
    this.#checker = new HealthChecker({ clock, random, lookup: resolver.lookup });
    this.catalog = new Catalog({
      home: { cluster, region, zone, gateway },
      clock,
      checker: this.#checker,
    });
    this.#registrations = new RegistrationsFile(
      join(config.dataDir, 'registrations.json'),
      clock,
      log,
    );
    const dial = mutualTlsDial({
      identity: () => identity.leaf.current,
      trust: identity.trust,
      clock,
    });
    this.links = new LinkPool({ dial, clock, random, log });
    this.#orphans = new Orphans(
      this.#checker,
      (service) => this.#serviceChanged(service),
      (service, id) => this.membership.session?.client.dropOrphan(service, id),
    );
    this.routing = new Routing({
      federation,
      caller: this.caller,
      clock,
      random,
      world: {
        endpoints: (service) => this.endpoints(service),
        exports: (service) => this.#view(service)?.exports,
        clusters: () => this.snapshot.clusters,
        links: (name) => this.links.state(name),
        policy: (service) => policyOf(config, service),
        timeouts: (service) => timeoutsOf(config, service),
      },
    });
    this.#endpoints = createEndpointTransport(resolver);
    this.proxy = createProxy({
      cluster,
      gatewayId: gateway,
      federation,
      routes: this.routing.table,
      links: this.links,
      endpoints: this.#endpoints,
      clock,
      random,
      log,
      limits: config.limits,
      exposeDecision: config.exposeDecision,
    });
    this.membership = new Membership({
      ...options,
      identity,
      world: {
        ownServices: () => this.catalog.services(),
        ownEndpoints: (service) => this.catalog.records(service),
        clusterEndpoints: (service) => this.endpoints(service),
        gatewayRecord: () => this.#gatewayRecord(),
        clusterDraft: (joinedAt) => clusterDraft(config, this.addresses, joinedAt),
        changed: (delta) => this.#snapshotChanged(delta),
      },
      changed: () => this.#trustChanged(),
    });
  }

  /** Starts everything. Throws what keeps it from serving; a registry or a peer that is down does not. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { config, clock, random, log } = options;
    const gateway = new Gateway(options, await openIdentity(config, clock, random, log));
    try {
      await gateway.#start();
      return gateway;
    } catch (thrown) {
      await gateway.kill();
      throw thrown;
    }
  }

  get state(): GatewayState {
    return this.#state;
  }

  /** Where this gateway listens; the real ports where 0 was asked for. */
  get addresses(): Listeners['addresses'] & { readonly registry?: string } {
    const registry = this.membership.hosted?.address;
    const addresses = this.#listeners?.addresses ?? this.config.listen;
    return { ...addresses, ...(registry === undefined ? {} : { registry }) };
  }

  get snapshot(): Pick<Snapshot, 'clusters' | 'revision'> {
    return this.membership.session?.client.snapshot ?? nothing;
  }

  /** Endpoints of a service in this cluster: this gateway's, then those of its siblings by way of the registry. */
  endpoints(service: ServiceName): EndpointRecord[] {
    const records = [...this.catalog.records(service)];
    for (const held of this.#view(service)?.endpoints.values() ?? []) {
      const { gateway, id } = held.record;
      if (gateway === this.config.gateway || this.catalog.has(service, id)) continue;
      records.push(this.#orphans.current(held));
    }
    return records;
  }

  /** Stops taking requests, says goodbye to the registry, finishes what is in flight, and ends everything. */
  async drain(limitMs: number): Promise<void> {
    this.#state = 'draining';
    // First out of the others' sight, so that nothing new is sent here.
    await this.membership.close({ withdraw: true });
    await this.#listeners?.drain(limitMs);
    await this.#end(limitMs);
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    this.#state = 'draining';
    await this.membership.close({ withdraw: false });
    await this.#listeners?.close();
    await this.#end(0);
  }

  async #start(): Promise<void> {
    const { config, clock, log } = this.#options;
    const { identity, proxy } = this;
    for (const registration of configuredEndpoints(config)) this.catalog.put(registration);
    for (const registration of await this.#registrations.load()) {
      if (!this.catalog.has(registration.service, registration.id)) this.catalog.put(registration);
    }
    this.catalog.onChange((service) => {
      this.#registrations.changed(() => this.catalog.apiRegistrations());
      this.#serviceChanged(service);
    });
    this.links.onChange(() => {
      this.routing.clustersChanged();
      this.#publishGateway();
    });
    const federation = this.#federationService();
    this.#listeners = await Listeners.start({ config, identity, proxy, federation, clock, log });
    identity.leaf.onRenew(() => {
      this.#listeners?.updateIdentity();
      this.links.refresh();
    });
    await this.membership.start();
    this.#state = 'ready';
  }

  #federationService(): FederationService {
    const { config, clock, log } = this.#options;
    const { identity, membership } = this;
    return new FederationService({
      federation: config.federation,
      cluster: config.cluster,
      id: identity.id,
      admission: () => membership.session?.admission,
      evict: (cluster, by, force) => membership.evict(cluster, by, force),
      clock,
      log,
    });
  }

  async #end(limitMs: number): Promise<void> {
    this.links.close(limitMs);
    this.#cancelPublish?.();
    this.catalog.close();
    this.#checker.close();
    this.routing.close();
    this.identity.leaf.stop();
    await this.#registrations.flush();
    this.#endpoints.close();
    this.proxy.close();
  }

  #view(service: ServiceName) {
    return this.membership?.session?.client.snapshot.services.get(service);
  }

  #serviceChanged(service: ServiceName): void {
    this.routing.serviceChanged(service);
    this.membership.session?.publishService(service);
  }

  #snapshotChanged(delta: SnapshotDelta): void {
    for (const service of delta.services) {
      this.#orphans.follow(service, this.#view(service));
      this.routing.serviceChanged(service);
    }
    if (delta.clusters.size > 0) this.#linkToMembers();
  }

  /** What is believed, or whether this cluster is in a federation at all, changed. */
  #trustChanged(): void {
    this.#linkToMembers();
    this.routing.clustersChanged();
  }

  #linkToMembers(): void {
    const believed = this.membership.believed;
    const remotes = [...this.snapshot.clusters.values()].flatMap(({ cluster, record }) =>
      record && believed.has(cluster)
        ? [
            {
              cluster,
              trustDomain: parseTrustDomain(record.trustDomain),
              addresses: record.eastWest,
            },
          ]
        : [],
    );
    this.links.update(remotes);
  }

  #publishGateway(): void {
    this.#cancelPublish ??= this.clock.after(publishGatewayEveryMs, () => {
      this.#cancelPublish = undefined;
      this.membership.session?.publishGateway();
    });
  }

  #gatewayRecord(): GatewayRecord {
    const { cluster, gateway, zone } = this.config;
    const rttMs: Record<string, number> = {};
    const links: GatewayRecord['links'] = {};
    for (const name of this.snapshot.clusters.keys()) {
      const status = this.links.state(name);
      if (status.state === 'none') continue;
      links[name] = status.state;
      if (status.rttMs !== undefined) rttMs[name] = Math.round(status.rttMs * 100) / 100;
    }
    return { cluster, id: gateway, zone, version, startedAt: this.startedAt, rttMs, links };
  }

  /** Resolves once what is registered is on disk, so that it outlives a crash from now on. */
  registrationsSaved(): Promise<void> {
    return this.#registrations.flush();
  }

  /** Throws DRAINING. */
  assertServing(): void {
    if (this.#state !== 'draining') return;
    throw new IsthmusError('DRAINING', {
      what: 'The gateway is draining and takes no registrations',
    });
  }
}
