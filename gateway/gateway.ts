/** Owns one running gateway: its parts, how they hear of each other, and the order they start and end in. */
import { join } from 'node:path';
import type { Clock, Random } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log, LogLevel } from '../core/log.ts';
import type { ServiceName } from '../core/names.ts';
import { Watchers } from '../core/watchers.ts';
import type { FederationListener, FederationListenerOptions } from '../federation/listener.ts';
import type { EndpointRecord } from '../registry/model.ts';
import type { ServiceView, Snapshot, SnapshotDelta } from '../registry/snapshot.ts';
import { steeringOf } from './balance/steering.ts';
import type { BalanceView, Caller } from './balance/types.ts';
import { viewFromHere } from './balance/view.ts';
import { Catalog } from './catalog/catalog.ts';
import { Orphans } from './catalog/orphans.ts';
import { RegistrationsFile } from './catalog/registrations-file.ts';
import { IngressCertificates } from './certificates/ingress-certificates.ts';
import { configuredEndpoints, type GatewayConfig } from './config/config.ts';
import { listenOf, workerOptionsOf } from './config/data-side-settings.ts';
import type { Drills } from './drills/drills.ts';
import { type Effects, noEffects } from './drills/effects.ts';
import { createJournal, type Journal } from './events/journal.ts';
import { feedWorldOf } from './feed-world.ts';
import { drillsOf } from './gateway-drills.ts';
import { HealthChecker } from './health/checker.ts';
import { clusterDraft } from './membership/cluster-draft.ts';
import type { FederationSession } from './membership/federation-session.ts';
import { gatewayRecordOf } from './membership/gateway-record.ts';
import { type Identity, openIdentity } from './membership/identity.ts';
import { listenForMembers } from './membership/members-listener.ts';
import { Membership } from './membership/membership.ts';
import { Observations } from './observations.ts';
import { GatewayGenerations } from './peers/generations.ts';
import { NameResolver } from './proxy/resolve.ts';
import { everythingKnown } from './takeover/knowing.ts';
import type { Predecessor } from './takeover/predecessor.ts';
import type { PerListener } from './workers/listeners.ts';
import { type Sockets, WorkerPool } from './workers/pool.ts';

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The process whose place this one takes, if any. */
  readonly predecessor?:
    | (Pick<Predecessor, 'released'> & {
        readonly sockets: Partial<Sockets>;
        /** Called once requests are taken here too. */
        ready(): Promise<void>;
      })
    | undefined;
}

export type GatewayState = 'starting' | 'ready' | 'draining';

/** What the gateway knows of the federation while it is in none. */
const nothing: Pick<Snapshot, 'clusters' | 'revision'> = { clusters: new Map(), revision: 0 };
/** Round trips and link states are published at most this often. */
const publishGatewayEveryMs = 1_000;
/** How long connections that rest are left to their clients, and links to the gateways that are making new ones. */
const retireGraceMs = 5_000;

export class Gateway {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly ingressCertificates: IngressCertificates;
  readonly catalog: Catalog;
  readonly membership: Membership;
  /** The data side. */
  readonly workers: WorkerPool;
  /** What happened, for whoever looks later. */
  readonly journal: Journal;
  readonly drills: Drills;
  readonly observations: Observations;
  readonly #options: GatewayOptions;
  readonly #checker: HealthChecker;
  readonly #orphans: Orphans;
  readonly #registrations: RegistrationsFile;
  readonly #generations = new GatewayGenerations();
  /** What drills and standing orders do here. */
  #effects: Effects = noEffects;
  #takesPeers: FederationListenerOptions['admin'] | undefined;
  readonly #watchers = new Watchers();
  #state: GatewayState = 'starting';
  /** The last that was told of to the workers. */
  #session: FederationSession | undefined;
  #federation: FederationListener | undefined;
  #cancelPublish: (() => void) | undefined;

  private constructor(
    options: GatewayOptions,
    identity: Identity,
    ingressCertificates: IngressCertificates,
    observations: Observations,
  ) {
    const { config, clock, random, log } = options;
    const { cluster, region, zone, gateway } = config;
    this.#options = options;
    this.config = config;
    this.clock = clock;
    this.identity = identity;
    this.ingressCertificates = ingressCertificates;
    this.observations = observations;
    this.startedAt = clock.now();
    this.journal = createJournal(clock);
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
    this.#orphans = new Orphans(
      this.#checker,
      (service) => this.#serviceChanged(service),
      (service, id) => this.membership.session?.client.dropOrphan(service, id),
    );
    this.workers = new WorkerPool({
      workers: config.workers,
      listen: listenOf(config),
      inherited: options.predecessor?.sockets,
      worker: workerOptionsOf(config),
      world: feedWorldOf(this),
      onObserved: (observed) => observations.take(observed),
      clock,
      random,
      log,
    });
    this.membership = new Membership({
      ...options,
      identity,
      released: options.predecessor?.released,
      world: {
        ownServices: () => this.catalog.services(),
        ownEndpoints: (service) => this.catalog.records(service),
        clusterEndpoints: (service) => this.endpoints(service),
        gatewayRecord: () => gatewayRecordOf(this),
        clusterDraft: (joinedAt) => clusterDraft(config, this.addresses, joinedAt),
        changed: (delta) => this.#snapshotChanged(delta),
      },
      changed: () => this.#membershipChanged(),
    });
    this.drills = drillsOf(this, { apply: (effects) => this.#apply(effects), random, log });
  }

  /** Starts everything. Throws what keeps it from serving; a registry or a peer that is down does not. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { config, clock, random, log } = options;
    const { ingress, baseDir } = config;
    const certificates = await IngressCertificates.open({ ingress, baseDir, clock, log });
    const identity = await openIdentity(config, clock, random, log);
    const observations = await Observations.open(config, log);
    const gateway = new Gateway(options, identity, certificates, observations);
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
  get addresses(): PerListener<string> & {
    readonly federation: string;
    readonly registry?: string;
  } {
    const { federation } = this.config.listen;
    const registry = this.membership.hosted?.address;
    return {
      ...this.workers.addresses,
      federation: this.#federation?.address ?? federation,
      ...(registry === undefined ? {} : { registry }),
    };
  }

  get logLevel(): LogLevel {
    return this.#options.log.level as LogLevel;
  }

  /** Until the process ends: the configuration's holds again then. */
  set logLevel(level: LogLevel) {
    this.#options.log.level = level;
    this.workers.feed.changed('settings');
  }

  /** What drills and standing orders do here. */
  get effects(): Effects {
    return this.#effects;
  }

  get snapshot(): Pick<Snapshot, 'clusters' | 'revision'> {
    return this.membership.session?.client.snapshot ?? nothing;
  }

  /** What the registry has of a service. */
  serviceView(service: ServiceName): ServiceView | undefined {
    return this.membership.session?.client.snapshot.services.get(service);
  }

  /** Endpoints of a service in this cluster: this gateway's, then those of its siblings by way of the registry. */
  endpoints(service: ServiceName): EndpointRecord[] {
    const records = [...this.catalog.records(service)];
    for (const held of this.serviceView(service)?.endpoints.values() ?? []) {
      const { gateway, id } = held.record;
      if (gateway === this.config.gateway || this.catalog.has(service, id)) continue;
      records.push(this.#orphans.current(held));
    }
    return records;
  }

  /** What decisions on a service are made from, here. */
  balanceView(service: ServiceName): BalanceView {
    const view = viewFromHere(
      service,
      this.config.cluster,
      this.endpoints(service),
      this.serviceView(service)?.exports,
      this.snapshot.clusters,
      (name) => this.workers.links.state(name),
    );
    return { ...view, steering: steeringOf(this.#effects.shifts, service) };
  }

  /** Stops taking requests, says goodbye to the registry, finishes what is in flight, and ends everything. */
  async drain(limitMs: number): Promise<void> {
    this.#state = 'draining';
    await this.drills.close({ withdraw: true });
    // First out of the others' sight, so that nothing new is sent here.
    await this.membership.close({ withdraw: true });
    await this.workers.drain(limitMs, 0);
    await this.#end();
  }

  /** Lets go of everything that can be one process's only, without a goodbye: its successor is there already. */
  async release(): Promise<void> {
    this.#state = 'draining';
    await this.drills.close({ withdraw: false });
    this.catalog.close();
    await this.#registrations.flush();
    await this.workers.stop();
    await this.membership.close({ withdraw: false });
    await this.#federation?.close();
    this.#federation = undefined;
  }

  /** After `release`: lets clients and gateways go over to the successor, finishes what is in flight, and ends. */
  async retire(limitMs: number): Promise<void> {
    await this.workers.drain(limitMs, retireGraceMs);
    await this.#end();
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    this.#state = 'draining';
    await this.drills.close({ withdraw: false });
    await this.membership.close({ withdraw: false });
    await this.workers.close();
    await this.#end();
  }

  async #start(): Promise<void> {
    const { config, log } = this.#options;
    const { identity, ingressCertificates, workers } = this;
    for (const registration of configuredEndpoints(config)) this.catalog.put(registration);
    this.catalog.restore(await this.#registrations.load());
    this.catalog.onChange((service) => {
      this.#registrations.changed(() => this.catalog.apiRegistrations());
      this.#serviceChanged(service);
    });
    workers.links.onChange(() => {
      this.#publishGateway();
      this.#watchers.changed();
    });
    identity.trust.onChange((trustDomain) => workers.feed.trustChanged(trustDomain));
    ingressCertificates.onChange(() => workers.feed.changed('credentials'));
    identity.leaf.onRenew(() => {
      this.#federation?.updateIdentity();
      workers.feed.changed('identity');
    });
    const { predecessor } = this.#options;
    if (predecessor) await this.#succeed(predecessor);
    else {
      await workers.start();
      this.#federation = await listenForMembers(this, this.#takePeer, log);
      await this.membership.start();
    }
    this.#state = 'ready';
  }

  /** Takes requests only once it knows what its predecessor knows, and all else only once that has let go of it. */
  async #succeed({ ready, released }: NonNullable<GatewayOptions['predecessor']>): Promise<void> {
    const { catalog, clock, membership, workers } = this;
    const { log } = this.#options;
    const wasMember = membership.isMember;
    if (wasMember) await membership.start();
    await workers.start(() => {
      const synced = membership.session?.client.synced();
      return everythingKnown({ synced, catalog, workers, clock });
    });
    await ready();
    await released;
    // What was registered with the other process meanwhile.
    this.catalog.restore(await this.#registrations.load());
    this.#federation = await listenForMembers(this, this.#takePeer, log);
    if (!wasMember) await membership.start();
  }

  async #end(): Promise<void> {
    await this.#federation?.close();
    this.#cancelPublish?.();
    this.catalog.close();
    this.#checker.close();
    this.identity.leaf.stop();
    this.ingressCertificates.stop();
    await this.#registrations.flush();
    await this.observations.close(this.clock);
  }

  #serviceChanged(service: ServiceName): void {
    this.workers.feed.serviceChanged(service);
    this.membership.session?.publishService(service);
    this.#watchers.changed();
  }

  #snapshotChanged({ services, clusters }: SnapshotDelta): void {
    const { feed } = this.workers;
    for (const service of services) {
      this.#orphans.follow(service, this.serviceView(service));
      feed.serviceChanged(service);
    }
    if (clusters.size === 0) return;
    feed.changed('clusters');
    feed.changed('remotes');
    for (const cluster of clusters) {
      const view = this.snapshot.clusters.get(cluster);
      if (view && this.#generations.look(view)) feed.gatewayReplaced(cluster);
    }
  }

  /** What is believed, or whether this cluster is in a federation at all, changed. */
  #membershipChanged(): void {
    const { session } = this.membership;
    if (session === this.#session) this.workers.feed.changed('remotes');
    else this.workers.feed.startedOver();
    this.#session = session;
    this.#followDrills();
    this.#watchers.changed();
  }

  #followDrills(): void {
    const { session } = this.membership;
    this.drills.follow(
      session && {
        // Drills are heard of, and ended, also while the rest is made to believe that the registry is lost.
        store: session.store.inner,
        verify: (cluster, key, raw) => session.trust.verifyFrom(cluster, key, raw),
      },
    );
  }

  #apply(effects: Effects): void {
    this.#effects = effects;
    const store = this.membership.session?.store;
    if (effects.registryLost) store?.sever(effects.registryLost);
    else store?.restore();
    this.workers.feed.changed('effects');
    this.#watchers.changed();
  }

  /** Other gateways' connections to the admin API go to `take` from now on; before they are closed. */
  takePeerAdmin(take: FederationListenerOptions['admin']): void {
    this.#takesPeers = take;
  }

  /** Calls `changed` after endpoints, records, links or trust changed; returns a function that stops that. */
  onChange(changed: () => void): () => void {
    return this.#watchers.add(changed);
  }

  readonly #takePeer: FederationListenerOptions['admin'] = (socket, peer) => {
    if (this.#takesPeers) this.#takesPeers(socket, peer);
    else socket.destroy();
  };

  #publishGateway(): void {
    this.#cancelPublish ??= this.clock.after(publishGatewayEveryMs, () => {
      this.#cancelPublish = undefined;
      this.membership.session?.publishGateway();
    });
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
