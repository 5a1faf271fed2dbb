/** Owns the presence of this gateway, and of its cluster, in the registry: told once it may be, kept true, and taken back. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ServiceName } from '../../../core/names.ts';
import { announce, departed } from '../../../federation/announce.ts';
import type { Joined } from '../../../federation/member.ts';
import type { FederationTrust } from '../../../federation/trust.ts';
import { encodeKey } from '../../../registry/keys.ts';
import type { ClusterRecord } from '../../../registry/model.ts';
import type { ClusterView, SnapshotDelta } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import { Announcing } from './announcing.ts';
import type { Identity } from './identity.ts';
import type { LostGateways } from './lost-gateways.ts';
import { OwnPlace, type RunningCopies } from './own-place.ts';
import { type EndpointId, Publisher } from './publisher.ts';
import type { RegistryClient } from './registry-client.ts';
import type { SessionSource } from './session-source.ts';
import { Siblings } from './siblings.ts';

interface PresenceOptions {
  readonly client: RegistryClient;
  readonly lostGateways: LostGateways;
  readonly copies: RunningCopies;
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly joined: Joined;
  readonly trust: Pick<FederationTrust, 'beliefs' | 'verifyDeparture' | 'vouched'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly source: SessionSource;
  /** This gateway's place in the registry is taken, or free again. */
  informed(): void;
  /** The session is of no more use, and another one has to begin: see `isSpent`. */
  startOver(): void;
}

/** For how long a registration waits for the registry to have it. */
const publishPatienceMs = 3_000;
/** For how long an end waits for the others to be told of it. */
const endingPatienceMs = 1_000;

export class Presence {
  readonly #options: PresenceOptions;
  readonly #client: RegistryClient;
  readonly #announcing: Announcing;
  readonly #siblings: Siblings;
  readonly #place: OwnPlace;
  readonly #publisher: Publisher;
  #isSpent = false;
  #mayBegin = false;
  #wasFirst = false;
  #vouched = false;
  /** The root by which what this gateway published was signed. */
  #signedBy: string;

  constructor(options: PresenceOptions) {
    const { client, config, identity, source, clock, log, lostGateways } = options;
    const { cluster, federation, region, zone, gateway } = config;
    this.#options = options;
    this.#client = client;
    this.#signedBy = identity.authority.keyId;
    this.#announcing = new Announcing({
      announce: () => this.#announce(),
      announced: () => this.#announced(),
      disputed: () => options.informed(),
      restore: (keys) => {
        client.session.restore(keys);
        this.#withdrawStray();
      },
      departed: () => void client.session.close({ revoke: true }), // Its lease would bring it back.
      clock,
      log,
    });
    this.#place = new OwnPlace({
      federation,
      self: () => source.gatewayRecord(),
      changed: () => options.informed(),
      copies: options.copies,
      log,
    });
    this.#siblings = new Siblings(clock, gateway, lostGateways, () => {
      if (this.#announcing.isAnnounced) this.#announcing.announce();
    });
    this.#publisher = new Publisher({
      federation,
      home: { cluster, region, zone, gateway },
      session: client.session,
      signer: identity.authority,
      clock,
      ownEndpoints: source.ownEndpoints,
      clusterEndpoints: source.clusterEndpoints,
      exportTerms: source.exportTerms,
      exportedAs: source.exportedAs,
      publishedSummary: (service) => client.snapshot.services.get(service)?.exports.get(cluster),
      writesSummaries: () => this.#isFirstGateway(),
    });
  }

  /** NOT_A_MEMBER once the cluster has departed. */
  get problem(): IsthmusError | undefined {
    return this.#announcing.problem;
  }

  /** GATEWAY_ID_TAKEN while another gateway has this one's place in the registry, so that nothing is said in its name. */
  get idTaken(): IsthmusError | undefined {
    return this.#place.problem;
  }

  /** GATEWAYS_DISAGREE while another gateway of the cluster says otherwise than this one, so that nothing is said of this one. */
  get disagreement(): IsthmusError | undefined {
    return this.#announcing.disagreement;
  }

  /** Whether it can't go on: its cluster was out and is a member again, or its place was another's before. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** How the registry says, or said last, that this cluster left. */
  get departure(): IsthmusError | undefined {
    const { config } = this.#options;
    const record = this.#client.departure(config.cluster);
    return record && departed(record, config);
  }

  /** Says anew what this gateway is: its links, or their round trips, changed. */
  publishGateway(): void {
    if (this.#announcing.isAnnounced) this.#publisher.gateway(this.#options.source.gatewayRecord());
  }

  /** Whether this gateway is the first of those of its cluster that live: what one is to do, it does. */
  get isFirst(): boolean {
    return this.#isFirstGateway();
  }

  /** Says anew what the roots of this cluster vouch for: its bundle, and all that the root signed which signs no more. */
  rootsChanged(): void {
    if (!this.#announcing.isAnnounced) return;
    const { authority } = this.#options.identity;
    this.#announcing.announce();
    if (authority.keyId === this.#signedBy) return;
    this.#signedBy = authority.keyId;
    this.#publisher.forgetGateway();
    this.publishGateway();
    for (const service of this.#publishable(this.#options.source.ownServices())) {
      this.#publisher.restate(service);
    }
    this.#vouch();
  }

  /** Notes that endpoints of the own cluster changed. */
  publishService(service: ServiceName): void {
    if (this.#announcing.isAnnounced) this.#publisher.changed(service);
  }

  /** Whether the registry has endpoints that were registered here; waits a moment for it. */
  async holds(those: readonly EndpointId[]): Promise<boolean> {
    if (!this.#isHeard) return false;
    this.#publisher.flush();
    return this.#client.session.holds(this.#publisher.keysOf(those), publishPatienceMs);
  }

  /** Gateways of this cluster that were lost and are not back: when each was found to be, wall milliseconds. */
  get lostSiblings(): ReadonlyMap<string, number> {
    return this.#siblings.lost;
  }

  /** Tells the others that this gateway is about to end in good order. */
  async sayEnding(): Promise<void> {
    if (!this.#isHeard) return;
    const { cluster, federation, gateway } = this.#options.config;
    this.#publisher.gateway({ ...this.#options.source.gatewayRecord(), ending: true });
    const key = encodeKey(federation, { kind: 'gateways', cluster, id: gateway });
    await this.#client.session.holds(new Set([key]), endingPatienceMs);
  }

  /** The registry is known, and requests are taken here: this gateway may be announced. */
  begin(): void {
    this.#mayBegin = true;
    this.#begin();
  }

  /** Keys that make this cluster a member, or that this gateway wants to be there, may be gone. */
  doubt(keys: readonly string[]): void {
    this.#announcing.announce(keys);
  }

  /** Looks at what changed of the own cluster in the registry. */
  look(delta: SnapshotDelta): void {
    if (!delta.clusters.has(this.#options.config.cluster)) return;
    const own = this.#own;
    this.#lookAtOwn(own);
    // The cluster's gateways share one canary; that of one that ended goes with it.
    if (this.#vouched && own?.synced === undefined) this.#vouch();
  }

  /** Publishes what follows from a change of the registry. */
  publish(delta: SnapshotDelta): void {
    if (!this.#announcing.isAnnounced) return;
    // The gateway that wrote the summaries is gone: now it is on this one.
    const first = this.#isFirstGateway();
    const all = first && !this.#wasFirst;
    this.#wasFirst = first;
    for (const service of all ? this.#publishable([]) : delta.services) {
      this.#publisher.changed(service);
    }
  }

  /** Says nothing more. What was said stays until the lease is revoked, or runs out. */
  async close(): Promise<void> {
    this.#announcing.close();
    this.#siblings.close();
    this.#publisher.stop();
    await this.#options.lostGateways.close();
  }

  /** Whether the registry takes what is said. */
  get #isHeard(): boolean {
    return this.#announcing.isAnnounced && this.#client.store.state.kind === 'connected';
  }

  get #own(): ClusterView | undefined {
    return this.#client.snapshot.clusters.get(this.#options.config.cluster);
  }

  /** Announces, unless another gateway has this one's place. */
  #begin(): void {
    if (this.#place.isFree(this.#own)) this.#announcing.announce();
  }

  #startOver(): void {
    this.#isSpent = true;
    this.#options.startOver();
  }

  /** Keeps the cluster's records true. */
  async #announce(): Promise<void> {
    const { client, config, identity, joined, trust, source, log } = this.#options;
    // The others' parts are for one gateway to tidy, and not by what may be out of date.
    const tidies = this.#isFirstGateway() && !client.status.stale;
    const restored = await announce({
      store: client.store,
      federation: config.federation,
      self: source.clusterDraft(joined.joinedAt),
      authority: identity.authority,
      admission: this.#own?.bundle?.admission,
      vouched: trust.vouched(client.snapshot.clusters),
      verifyDeparture: (key, raw) => trust.verifyDeparture(config.cluster, key, raw),
      beliefs: trust.beliefs,
      gone: (id) => tidies && this.#siblings.isGone(id),
      missed: (id) => this.#siblings.isGone(id),
    });
    if (!restored) return;
    log.warn('the registry had lost the records of this cluster; they are restored');
    // Also summaries that a gateway wrote which is gone.
    for (const service of this.#publishable([])) this.#publisher.restate(service);
  }

  /** Then this gateway, its endpoints and summaries, and the canary. */
  #announced(): void {
    const { source, identity } = this.#options;
    this.#signedBy = identity.authority.keyId;
    // First of all leased keys, so that a graceful end deletes it last.
    this.#publisher.gateway(source.gatewayRecord());
    for (const service of this.#publishable(source.ownServices())) this.#publisher.changed(service);
    this.#publisher.flush();
    this.#withdrawStray();
    this.#vouch();
  }

  /** Takes back endpoints in this gateway's name that it does not have: the registry brought them back, or its last process left them. */
  #withdrawStray(): void {
    const { cluster, federation, gateway } = this.#options.config;
    const { session, snapshot } = this.#client;
    for (const { service, endpoints } of snapshot.services.values()) {
      for (const [id, { record, orphaned }] of endpoints) {
        if (orphaned || record.gateway !== gateway) continue;
        const key = encodeKey(federation, { kind: 'endpoints', cluster, service, id });
        if (!session.wants(key)) session.delete(key);
      }
    }
  }

  /** Puts the canary once everything else is in the registry. */
  #vouch(): void {
    this.#vouched = false;
    this.#client.session.converged().then(
      () => {
        this.#publisher.synced();
        this.#vouched = true;
      },
      () => undefined, // The session closed first: there is nothing to vouch for.
    );
  }

  /** The registry's view of the own cluster changed. */
  #lookAtOwn(own: ClusterView | undefined): void {
    const departure = this.departure;
    if (this.#announcing.problem && own?.record && !departure) this.#startOver();
    this.#siblings.look(own);
    if (!this.#announcing.isAnnounced) {
      if (this.#mayBegin && this.#place.problem) this.#begin();
      return;
    }
    const place = this.#place.look(own);
    if (place === 'lost') this.#startOver();
    if (place === 'written-over') this.#announcing.announce([this.#place.key]);
    if (departure) this.#announcing.depart(departure);
    // Another gateway took this one for gone, wrote the record without knowing of it, or in its name.
    if (own?.record && !this.#isNamed(own.record)) this.#announcing.announce();
  }

  /** Whether the cluster's record says of this gateway what is so. */
  #isNamed({ gateways, joinedAt }: ClusterRecord): boolean {
    const { config, source } = this.#options;
    const { [config.gateway]: own } = source.clusterDraft(joinedAt).gateways;
    // As it is written: what is undefined is not there.
    return isDeepStrictEqual(gateways?.[config.gateway], JSON.parse(JSON.stringify(own)));
  }

  /** Services this cluster has, or has a summary of. */
  #publishable(own: Iterable<ServiceName>): Set<ServiceName> {
    const services = new Set(own);
    const { cluster } = this.#options.config;
    for (const { service, endpoints, exports } of this.#client.snapshot.services.values()) {
      if (endpoints.size > 0 || exports.has(cluster)) services.add(service);
    }
    return services;
  }

  #isFirstGateway(): boolean {
    const { config } = this.#options;
    const gateways = this.#client.snapshot.clusters.get(config.cluster)?.gateways.keys() ?? [];
    return [...gateways].every((id) => id >= config.gateway);
  }
}
