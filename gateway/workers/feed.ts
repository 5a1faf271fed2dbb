/** Owns what the workers are told: everything once, and from then on what changed, gathered over a turn of the event loop. */
import type { LeafIdentity } from '../../certs/authority.ts';
import type { Bundle } from '../../certs/bundle.ts';
import type { TrustDomain } from '../../certs/spiffe-id.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { ClusterFacts } from '../balance/view.ts';
import type { IngressCredentials } from '../edge/credentials.ts';
import type { RemoteGateways } from '../link/pool.ts';
import type { ServiceFacts } from './facts.ts';
import type { DataEffects, Settings, TrustedRoots, Update } from './protocol.ts';
import { writeSheets } from './sheet.ts';

/** What the control side knows, looked up when it is to be told. */
export interface FeedWorld {
  services(): Iterable<ServiceName>;
  /** Undefined when nobody has the service. */
  facts(service: ServiceName): ServiceFacts | undefined;
  clusters(): ReadonlyMap<ClusterName, ClusterFacts>;
  remotes(): readonly RemoteGateways[];
  identity(): LeafIdentity;
  /** One for each ingress. */
  credentials(): readonly IngressCredentials[];
  trustDomains(): Iterable<TrustDomain>;
  bundle(trustDomain: TrustDomain): Bundle | undefined;
  settings(): Settings;
  effects(): DataEffects;
}

/** The parts that always travel whole. */
type Whole = 'clusters' | 'remotes' | 'identity' | 'credentials' | 'settings' | 'effects';

export class Feed {
  readonly #world: FeedWorld;
  readonly #send: (update: Update) => void;
  readonly #services = new Set<ServiceName>();
  /** Services in use: what a worker learns by watching one (a cluster that comes back is loaded slowly), all must know. */
  readonly #used = new Set<ServiceName>();
  readonly #newlyUsed = new Set<ServiceName>();
  readonly #trust = new Set<TrustDomain>();
  readonly #replaced = new Set<ClusterName>();
  readonly #whole = new Set<Whole>();
  /** What was last told of the clusters: their gateways' records change every second, and what matters here doesn't. */
  #told: { clusters?: string; remotes?: string } = {};
  #isWhole = false;
  #scheduled: NodeJS.Immediate | undefined;

  /** `send` is called for each update, to carry it to every worker there is. */
  constructor(world: FeedWorld, send: (update: Update) => void) {
    this.#world = world;
    this.#send = send;
  }

  /** Everything, for a worker that begins: what changed before it began is not told again to it. */
  everything(): Update {
    const world = this.#world;
    return {
      services: writeSheets(
        Iterator.from(world.services()).map((service) => [service, world.facts(service)] as const),
      ),
      isWhole: true,
      trust: Array.from(world.trustDomains(), (domain) => this.#rootsOf(domain)),
      clusters: clusterFacts(world.clusters()),
      remotes: world.remotes(),
      effects: world.effects(),
      used: [...this.#used],
    };
  }

  /** What there was is there no more, or all of it is another: everything is told anew. */
  startedOver(): void {
    this.#isWhole = true;
    this.#schedule();
  }

  serviceChanged(service: ServiceName): void {
    this.#services.add(service);
    this.#schedule();
  }

  /** A worker was asked for the service. */
  used(service: ServiceName): void {
    if (this.#used.has(service)) return;
    this.#used.add(service);
    this.#newlyUsed.add(service);
    this.#schedule();
  }

  trustChanged(trustDomain: TrustDomain): void {
    this.#trust.add(trustDomain);
    this.#schedule();
  }

  /** A gateway of that cluster is another process than before. */
  gatewayReplaced(cluster: ClusterName): void {
    this.#replaced.add(cluster);
    this.#schedule();
  }

  changed(part: Whole): void {
    this.#whole.add(part);
    this.#schedule();
  }

  /** Sends what is to be told now. */
  flush(): void {
    this.close();
    const world = this.#world;
    const whole = this.#whole;
    if (this.#isWhole) {
      this.#isWhole = false;
      this.#services.clear();
      // What is in it may differ from what was told last, and be changed back after it.
      this.#told = {};
      this.#send(this.everything());
    }
    const clusters =
      whole.has('clusters') && this.#ifNew('clusters', clusterFacts(world.clusters()));
    const remotes = whole.has('remotes') && this.#ifNew('remotes', world.remotes());
    for (const service of this.#services) {
      if (world.facts(service) === undefined) this.#used.delete(service);
    }
    const update: Update = {
      ...(this.#services.size > 0 && {
        services: writeSheets(
          this.#services.values().map((service) => [service, world.facts(service)] as const),
        ),
      }),
      ...(this.#newlyUsed.size > 0 && { used: [...this.#newlyUsed] }),
      ...(this.#trust.size > 0 && { trust: Array.from(this.#trust, (one) => this.#rootsOf(one)) }),
      ...(this.#replaced.size > 0 && { replaced: [...this.#replaced] }),
      ...(clusters && { clusters }),
      ...(remotes && { remotes }),
      ...(whole.has('identity') && { identity: world.identity() }),
      ...(whole.has('credentials') && { credentials: world.credentials() }),
      ...(whole.has('settings') && { settings: world.settings() }),
      ...(whole.has('effects') && { effects: world.effects() }),
    };
    for (const told of [
      this.#services,
      this.#newlyUsed,
      this.#trust,
      this.#replaced,
      this.#whole,
    ]) {
      told.clear();
    }
    if (Object.keys(update).length > 0) this.#send(update);
  }

  close(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }

  #ifNew<T extends object>(part: 'clusters' | 'remotes', value: T): T | undefined {
    const text = JSON.stringify(value instanceof Map ? [...value] : value);
    if (text === this.#told[part]) return undefined;
    this.#told = { ...this.#told, [part]: text };
    return value;
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  #rootsOf(trustDomain: TrustDomain): TrustedRoots {
    const bundle = this.#world.bundle(trustDomain);
    return {
      trustDomain,
      sequence: bundle?.sequence ?? 0,
      refreshHintSeconds: bundle?.refreshHintSeconds ?? 0,
      roots: bundle?.roots.map(({ raw }) => new Uint8Array(raw)),
    };
  }
}

/** Of each cluster's records only what decisions need: the rest would be copied for nothing. */
function clusterFacts(
  clusters: ReadonlyMap<ClusterName, ClusterFacts>,
): ReadonlyMap<ClusterName, ClusterFacts> {
  return new Map(
    Array.from(clusters, ([cluster, { record, synced }]) => [
      cluster,
      {
        ...(record && { record: { region: record.region } }),
        ...(synced !== undefined && { synced: true }),
      },
    ]),
  );
}
