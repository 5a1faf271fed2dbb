/** Owns being in a federation: the registry this cluster reads and writes, whom it believes there, and what it says of itself. */
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../core/clock.ts';
import type { IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { parseClusterName, type ServiceName } from '../../core/names.ts';
import { Admission } from '../../federation/admission.ts';
import { announce, departed } from '../../federation/announce.ts';
import type { Joined } from '../../federation/member.ts';
import type { ClusterDraft } from '../../federation/own-records.ts';
import type { FederationTrust } from '../../federation/trust.ts';
import type { EndpointRecord, GatewayRecord } from '../../registry/model.ts';
import type { ClusterView, SnapshotDelta } from '../../registry/snapshot.ts';
import { SnapshotCache } from '../../registry/snapshot-cache.ts';
import type { GatewayConfig } from '../config/config.ts';
import { SeverableStore } from '../drills/severable-store.ts';
import type { Identity } from './identity.ts';
import { snapshotFile } from './kept-knowledge.ts';
import { Publisher } from './publisher.ts';
import { Refusal } from './refusal.ts';
import { RegistryClient } from './registry-client.ts';
import { embeddedTls, openRegistryStore } from './registry-store.ts';
import { Siblings } from './siblings.ts';
import { Standing } from './standing.ts';

/** The gateway, as far as its federation hears of it. */
export interface SessionWorld {
  ownServices(): Iterable<ServiceName>;
  /** This gateway's own endpoints of a service. */
  ownEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  /** All endpoints of the own cluster. */
  clusterEndpoints(service: ServiceName): Iterable<EndpointRecord>;
  gatewayRecord(): GatewayRecord;
  /** This cluster's record before it is signed. */
  clusterDraft(joinedAt: number): ClusterDraft;
  /** The snapshot changed. */
  changed(delta: SnapshotDelta): void;
}

export interface FederationSessionOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly joined: Joined;
  /** Whom this cluster believes. */
  readonly trust: FederationTrust;
  /** Where the embedded registry of this very gateway listens, if it hosts one. */
  readonly hosted: string | undefined;
  /** Resolves when this process is the gateway: nothing is said in its name before. */
  readonly released?: Promise<void> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly world: SessionWorld;
}

export class FederationSession {
  readonly trust: FederationTrust;
  readonly joined: Joined;
  readonly client: RegistryClient;
  readonly publisher: Publisher;
  readonly admission: Admission;
  /** The registry, as long as no drill has it lost. */
  readonly store: SeverableStore;
  readonly #options: FederationSessionOptions;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #standing: Standing;
  readonly #siblings: Siblings;
  #refusal: Refusal | undefined;
  #wasFirst = false;
  #vouched = false;

  private constructor(options: FederationSessionOptions, store: SeverableStore) {
    const { config, identity, joined, trust, clock, random, log } = options;
    const { cluster, federation } = config;
    this.#options = options;
    this.store = store;
    this.trust = trust;
    this.joined = joined;
    this.client = new RegistryClient({
      federation,
      cluster,
      store,
      cache: new SnapshotCache(snapshotFile(config.dataDir), federation),
      clock,
      random,
      log,
      verify: (key, text, raw) => trust.verify(key, text, raw),
      changed: (delta) => this.#changed(delta),
      lost: (keys) => this.#standing.announce(keys),
    });
    this.#standing = new Standing({
      announce: () => this.#announce(),
      announced: () => this.#announced(),
      restore: (keys) => this.client.session.restore(keys),
      departed: () => void this.client.session.close({ revoke: true }), // Its lease would bring it back.
      clock,
      log,
    });
    this.#siblings = new Siblings(clock, config.gateway, () => this.#standing.announce());
    this.publisher = new Publisher({
      federation,
      home: { cluster, region: config.region, zone: config.zone, gateway: config.gateway },
      session: this.client.session,
      signer: identity.authority,
      clock,
      ownEndpoints: options.world.ownEndpoints,
      clusterEndpoints: options.world.clusterEndpoints,
      publishedSummary: (service) =>
        this.client.snapshot.services.get(service)?.exports.get(cluster),
      writesSummaries: () => this.#isFirstGateway(),
    });
    this.admission = new Admission({
      store,
      federation,
      cluster,
      authority: identity.authority,
      trust,
      registry: () => joined.registry,
      clock,
      log,
    });
  }

  /** Opens the registry and takes up the last good snapshot. The registry may be down; nothing here waits for it. */
  static async open(options: FederationSessionOptions): Promise<FederationSession> {
    const { identity, joined, trust } = options;
    const hostRoots = (trustDomain: string): string => {
      const host = parseClusterName(trustDomain.split('.')[0] ?? '');
      const roots = trust.beliefs.bundles.get(host)?.bundle.roots ?? [];
      return roots.map((root) => root.toString()).join('\n');
    };
    const access = joined.registry;
    const registry = await openRegistryStore({ ...options, access, hostRoots });
    const store = new SeverableStore(registry, options.clock);
    const session = new FederationSession(options, store);
    const renewTls = (): void => {
      if (access.kind === 'embedded') store.setTls(embeddedTls({ access, identity, hostRoots }));
    };
    session.#unsubscribe.push(
      identity.leaf.onRenew(renewTls),
      trust.onChange(() => {
        renewTls();
        session.client.reconsider();
      }),
    );
    if (access.kind === 'embedded' && options.hosted === undefined) session.#watchRefusal();
    await session.client.start();
    void session.#announceWhenSynced();
    return session;
  }

  /** What keeps this cluster from being known to the others, and every record that was refused. */
  get problems(): IsthmusError[] {
    const refusal = this.#refusal?.problem && (this.#departure ?? this.#refusal.problem);
    const standing = this.#standing.problem ?? refusal;
    return [...(standing ? [standing] : []), ...this.client.problems];
  }

  /** How the registry says, or said last, that this cluster left. */
  get #departure(): IsthmusError | undefined {
    const { config } = this.#options;
    const record = this.client.departure(config.cluster);
    return record && departed(record, config);
  }

  #watchRefusal(): void {
    const { identity, clock, joined } = this.#options;
    const { endpoints, hostTrustDomain } = joined.registry;
    const { trust, leaf } = identity;
    const host = parseTrustDomain(hostTrustDomain ?? identity.trustDomain);
    const refusal = new Refusal({
      store: this.store,
      endpoints,
      host,
      identity: () => leaf.current,
      trust,
      clock,
    });
    this.#refusal = refusal;
    this.#unsubscribe.push(() => refusal.close());
  }

  /** Says anew what this gateway is: its links, or their round trips, changed. */
  publishGateway(): void {
    if (this.#standing.isAnnounced) this.publisher.gateway(this.#options.world.gatewayRecord());
  }

  /** Notes that endpoints of the own cluster changed. */
  publishService(service: ServiceName): void {
    if (this.#standing.isAnnounced) this.publisher.changed(service);
  }

  /** Ends it; with `withdraw` the registry is told first what is no longer here. */
  async close(options: { readonly withdraw: boolean }): Promise<void> {
    if (this.#standing.isClosed) return;
    this.#standing.close();
    this.#siblings.close();
    for (const stop of this.#unsubscribe) stop();
    this.publisher.stop();
    await this.client.session.close({ revoke: options.withdraw });
    await this.client.close();
    await this.trust.persisted();
  }

  async #announceWhenSynced(): Promise<void> {
    await this.client.synced();
    await this.#options.released;
    this.#standing.announce();
  }

  /** Keeps the cluster's records true. */
  async #announce(): Promise<void> {
    const { config, identity, joined, world, log } = this.#options;
    const own = this.client.snapshot.clusters.get(config.cluster);
    // The others' parts are for one gateway to tidy, and not by what may be out of date.
    const tidies = this.#isFirstGateway() && !this.client.status.stale;
    const restored = await announce({
      store: this.store,
      federation: config.federation,
      self: world.clusterDraft(joined.joinedAt),
      authority: identity.authority,
      admission: own?.bundle?.admission,
      gone: (id) => tidies && this.#siblings.isGone(id),
    });
    if (!restored) return;
    log.warn('the registry had lost the records of this cluster; they are restored');
    // Also summaries that a gateway wrote which is gone.
    for (const service of this.#publishable([])) this.publisher.restate(service);
  }

  /** Then this gateway, its endpoints and summaries, and the canary. */
  #announced(): void {
    const { world } = this.#options;
    // First of all leased keys, so that a graceful end deletes it last.
    this.publisher.gateway(world.gatewayRecord());
    for (const service of this.#publishable(world.ownServices())) this.publisher.changed(service);
    this.publisher.flush();
    this.#vouch();
  }

  /** Puts the canary once everything else is in the registry. */
  #vouch(): void {
    this.#vouched = false;
    this.client.session.converged().then(
      () => {
        this.publisher.synced();
        this.#vouched = true;
      },
      () => undefined, // The session closed first: there is nothing to vouch for.
    );
  }

  #changed(delta: SnapshotDelta): void {
    const { cluster } = this.#options.config;
    if (delta.clusters.size > 0) {
      const { snapshot, status } = this.client;
      if (!status.stale) this.trust.retain(snapshot);
      const own = snapshot.clusters.get(cluster);
      if (delta.clusters.has(cluster)) this.#lookAtOwn(own);
      // The cluster's gateways share one canary; that of one that ended goes with it.
      if (this.#vouched && delta.clusters.has(cluster) && own?.synced === undefined) this.#vouch();
    }
    this.#options.world.changed(delta);
    if (!this.#standing.isAnnounced) return;
    // The gateway that wrote the summaries is gone: now it is on this one.
    const first = this.#isFirstGateway();
    const all = first && !this.#wasFirst;
    this.#wasFirst = first;
    for (const service of all ? this.#publishable([]) : delta.services)
      this.publisher.changed(service);
  }

  /** The registry's view of the own cluster changed. */
  #lookAtOwn(own: ClusterView | undefined): void {
    if (!this.#standing.isAnnounced) return;
    const departure = this.#departure;
    if (departure) this.#standing.depart(departure);
    this.#siblings.look(own);
    // Another gateway took this one for gone, or wrote the record without knowing of it.
    if (own?.record && own.record.gateways?.[this.#options.config.gateway] === undefined) {
      this.#standing.announce();
    }
  }

  /** Services this cluster has, or has a summary of. */
  #publishable(own: Iterable<ServiceName>): Set<ServiceName> {
    const services = new Set(own);
    const { cluster } = this.#options.config;
    for (const { service, endpoints, exports } of this.client.snapshot.services.values()) {
      if (endpoints.size > 0 || exports.has(cluster)) services.add(service);
    }
    return services;
  }

  #isFirstGateway(): boolean {
    const { config } = this.#options;
    const gateways = this.client.snapshot.clusters.get(config.cluster)?.gateways.keys() ?? [];
    return [...gateways].every((id) => id >= config.gateway);
  }
}
