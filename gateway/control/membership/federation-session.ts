/** Owns being in a federation: the registry this cluster reads and writes, and whom it believes there. */
import { availableParallelism } from 'node:os';
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { parseClusterName } from '../../../core/names.ts';
import { Admission } from '../../../federation/admission.ts';
import { evict } from '../../../federation/leave.ts';
import type { Joined } from '../../../federation/member.ts';
import type { FederationTrust } from '../../../federation/trust.ts';
import { Compaction } from '../../../registry/compaction.ts';
import type { EtcdStore } from '../../../registry/etcd-store.ts';
import { encodeKey } from '../../../registry/keys.ts';
import { Proofs } from '../../../registry/proofs.ts';
import type { SnapshotDelta } from '../../../registry/snapshot.ts';
import { SnapshotCache } from '../../../registry/snapshot-cache.ts';
import type { EtcdUnderCheck } from '../check/database.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { EtcdCredentials } from './etcd-credentials.ts';
import type { Identity } from './identity.ts';
import { lostGatewaysFile, snapshotFile } from './kept-knowledge.ts';
import { LostGateways } from './lost-gateways.ts';
import type { RunningCopies } from './own-place.ts';
import { Presence } from './presence.ts';
import { Refusal } from './refusal.ts';
import { RegistryClient } from './registry-client.ts';
import { embeddedTls, openRegistryStore } from './registry-store.ts';
import { ReturnedClusters } from './returned-clusters.ts';
import type { SessionSource } from './session-source.ts';

/** Threads that prove the signatures of a list; they are there for seconds. */
const mostProvers = 4;

interface FederationSessionOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly joined: Joined;
  /** The bundles that this cluster believes. */
  readonly trust: FederationTrust;
  /** Where the embedded registry of this very gateway listens, if it hosts one. */
  readonly hosted: string | undefined;
  /** Resolves when requests are taken here, and nobody else is this gateway: nothing is said in its name before. */
  readonly serving: Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly source: SessionSource;
  readonly copies: RunningCopies;
  /** The registry has told everything for the first time; or this gateway's place in it is taken, or free again. */
  informed(): void;
  /** The session is of no more use, and another one has to begin: see `isSpent`. */
  startOver(): void;
}

export class FederationSession {
  readonly trust: FederationTrust;
  readonly joined: Joined;
  readonly client: RegistryClient;
  /** The presence of this cluster and this gateway in the registry. */
  readonly presence: Presence;
  readonly admission: Admission;
  /** The registry, which a drill may have this gateway believe to be lost: see `store`. */
  readonly registry: EtcdStore;
  readonly #options: FederationSessionOptions;
  readonly #lostGateways: LostGateways;
  readonly #unsubscribe: (() => void)[] = [];
  #refusal: Refusal | undefined;
  #compaction: Compaction | undefined;
  /** Credentials for an etcd that is configured. */
  #credentials: EtcdCredentials | undefined;
  #isClosed = false;

  private constructor(
    options: FederationSessionOptions,
    registry: EtcdStore,
    lostGateways: LostGateways,
  ) {
    const { config, identity, joined, trust, clock, random, log } = options;
    const { cluster, federation } = config;
    this.#options = options;
    this.registry = registry;
    this.#lostGateways = lostGateways;
    this.trust = trust;
    this.joined = joined;
    this.client = new RegistryClient({
      federation,
      cluster,
      store: registry,
      cache: new SnapshotCache(snapshotFile(config.dataDir), federation, identity.authority),
      proofs: new Proofs({
        roots: () => trust.beliefs.bundles.values().flatMap(({ bundle }) => bundle.roots),
        threads: Math.min(mostProvers, availableParallelism()),
        log,
      }),
      clock,
      random,
      log,
      quota: { ...config.quotas, bytes: config.quotas.maxBytes },
      verify: (...record) => trust.verify(...record),
      changed: (delta) => this.#changed(delta),
      doubtful: (keys) => this.presence.doubt(keys),
    });
    this.presence = new Presence({ ...options, client: this.client, lostGateways });
    this.admission = new Admission({
      store: () => this.store,
      federation,
      cluster,
      gateway: config.gateway,
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
    const { store, credentials } = await openRegistryStore({ ...options, access, hostRoots });
    const path = lostGatewaysFile(options.config.dataDir);
    const lost = await LostGateways.open(path, options.clock, options.log);
    const session = new FederationSession(options, store, lost);
    session.#credentials = credentials;
    credentials?.watch((tls) => store.setTls(tls));
    session.#unsubscribe.push(() => credentials?.stop());
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
    if (access.kind === 'etcd') session.#keepShort();
    session.#watchReturns();
    await session.client.start();
    void session.#synced();
    return session;
  }

  /** The registry as this gateway has it: while a drill has it lost, nobody answers. */
  get store(): EtcdStore {
    return this.client.store;
  }

  /** Problems that keep this cluster from being known to the others, and one for every record that was refused. */
  get problems(): IsthmusError[] {
    const { problem, departure, idTaken, disagreement } = this.presence;
    const refusal = this.#refusal?.problem && (departure ?? this.#refusal.problem);
    const standing = problem ?? idTaken ?? disagreement ?? refusal;
    const unkept = [this.trust.problem, this.#lostGateways.problem];
    const more = [standing, this.#credentials?.problem, ...unkept, ...this.client.problems];
    return more.filter((one) => one !== undefined).map((one) => this.#advised(one));
  }

  /** What to do about an embedded registry whose disk is full is for its host to do; that it can't know. */
  #advised(problem: IsthmusError): IsthmusError {
    if (problem.code !== 'REGISTRY_FULL' || this.joined.registry.kind === 'etcd') return problem;
    const { code, where } = problem;
    return new IsthmusError(code, {
      what: 'The embedded registry takes no writes: the disk of the gateway that hosts it is full',
      where,
      fix: `Make room on the disk of ${this.joined.registry.hostTrustDomain ?? 'its host'}. It takes writes again by itself then, and what waits is written; traffic keeps flowing meanwhile.`,
      cause: problem,
    });
  }

  /** Whether this cluster is a member no more, as the registry says or its host shows. */
  get isOut(): boolean {
    return this.presence.problem !== undefined || this.#refusal?.problem !== undefined;
  }

  /** Ids of this cluster's other gateways that live. */
  get livingSiblings(): readonly string[] {
    const { cluster, gateway } = this.#options.config;
    const living = this.client.snapshot.clusters.get(cluster)?.gateways.keys() ?? [];
    return [...living].filter((id) => id !== gateway).sort();
  }

  /** The etcd to be checked; undefined for an embedded registry, which sees to itself. */
  get database(): EtcdUnderCheck | undefined {
    if (this.joined.registry.kind !== 'etcd') return undefined;
    return { store: this.store, key: this.#clusterKey, refusal: this.#compaction?.refusal };
  }

  get #clusterKey(): string {
    const { cluster, federation } = this.#options.config;
    return encodeKey(federation, { kind: 'clusters', cluster });
  }

  #keepShort(): void {
    const { config, clock, log } = this.#options;
    const afterMs = config.registry?.etcd?.compactAfter ?? 0;
    if (afterMs === 0) return;
    const own = `${config.cluster}/${config.gateway}`;
    const turn = (): number => {
      const all = [...this.client.snapshot.clusters.values()].flatMap(({ cluster, gateways }) =>
        [...gateways.keys()].map((id) => `${cluster}/${id}`),
      );
      return all.filter((name) => name < own).length;
    };
    // Whatever a drill makes of it, its history grows.
    const { registry: store } = this;
    this.#compaction = new Compaction({ store, key: this.#clusterKey, afterMs, turn, clock, log });
    this.#unsubscribe.push(() => this.#compaction?.close());
  }

  #watchReturns(): void {
    const { client, presence, trust } = this;
    const { config, identity, clock, random, log } = this.#options;
    const { cluster: by, federation } = config;
    const signer = identity.authority;
    const returned = new ReturnedClusters({
      trust,
      isRefused: (cluster) => client.isRefused({ kind: 'bundles', cluster }),
      isTurn: () => !client.status.stale && !this.isOut && presence.isFirst,
      evict: (cluster) =>
        evict({
          ...{ store: this.store, federation, cluster, by, signer, clock },
          ...{ force: true, known: true },
        }),
      ...{ clock, random, log },
    });
    this.#unsubscribe.push(() => returned.close());
  }

  #watchRefusal(): void {
    const { identity, clock, joined } = this.#options;
    const { endpoints, hostTrustDomain } = joined.registry;
    const { trust, leaf } = identity;
    const host = parseTrustDomain(hostTrustDomain ?? identity.trustDomain);
    const refusal = new Refusal({
      store: this.registry,
      endpoints,
      host,
      identity: () => leaf.current,
      trust,
      clock,
    });
    this.#refusal = refusal;
    this.#unsubscribe.push(() => refusal.close());
  }

  /** Ends it; with `withdraw` the registry is told first what is no longer here. */
  async close(options: { readonly withdraw: boolean }): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.presence.close();
    for (const stop of this.#unsubscribe) stop();
    await this.client.session.close({ revoke: options.withdraw });
    await this.client.close();
    await this.trust.persisted();
  }

  async #synced(): Promise<void> {
    await this.client.synced();
    this.#options.informed();
    await this.#options.serving;
    this.presence.begin();
  }

  #changed(delta: SnapshotDelta): void {
    const { client } = this;
    if (delta.clusters.size > 0 && !client.status.stale) this.trust.retain(client.snapshot);
    this.presence.look(delta);
    this.#options.source.changed(delta);
    this.presence.publish(delta);
  }
}
