/** Owns what the workers are told: everything once, and from then on what changed, gathered over a turn of the event loop; of the registry's services over a few while many change. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import type { Bundle } from '../../../certs/bundle.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { Policies } from '../../../policy/effective.ts';
import type { ClusterFacts } from '../../data/balance/view.ts';
import type { RemoteGateways } from '../../data/link/links.ts';
import type { IngressCredentials } from '../../data/listen/credentials.ts';
import type { KeyRingContents } from '../../data/request/authenticate/key-rings.ts';
import type { EndpointTrust, EndpointTrustChange } from '../../data/upstream/secure-transports.ts';
import type { ServiceFacts } from '../../data/worker/facts.ts';
import type {
  DataEffects,
  EndpointName,
  Scouting,
  TrustedRoots,
  Update,
} from '../../data/worker/protocol.ts';
import { writeSheets } from '../../data/worker/sheet.ts';

/** The control side's knowledge, looked up when it is to be told. */
export interface FeedSource {
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
  /** The bundles of foreign trust domains, one that is not known yet without a root. */
  foreign(): readonly Bundle[];
  policies(): Policies;
  keys(): KeyRingContents;
  /** Every service whose endpoints are spoken to over TLS. */
  endpointTrusts(): Iterable<EndpointTrustChange>;
  endpointTrust(service: ServiceName): EndpointTrust | undefined;
  logLevel(): string;
  effects(): DataEffects;
  informed(): boolean;
  scouting(): Scouting;
}

/** The parts that always travel whole. */
type Whole =
  | 'clusters'
  | 'remotes'
  | 'identity'
  | 'credentials'
  | 'foreign'
  | 'policies'
  | 'keys'
  | 'logLevel'
  | 'effects'
  | 'informed'
  | 'scouting';

/** Milliseconds after an update in which none is sent for the registry's sake alone: to send one, and to be woken by it, costs more than what it tells. */
const gatherMs = 4;

export class Feed {
  readonly #source: FeedSource;
  readonly #send: (update: Update) => void;
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #services = new Set<ServiceName>();
  /** Services in use: what a worker learns by watching one (a cluster that comes back is loaded slowly), all must know. */
  readonly #used = new Set<ServiceName>();
  readonly #newlyUsed = new Set<ServiceName>();
  readonly #trust = new Set<TrustDomain>();
  readonly #endpointTrust = new Set<ServiceName>();
  readonly #replaced = new Set<ClusterName>();
  readonly #alive = new Set<ClusterName>();
  readonly #passed = new Set<EndpointName>();
  readonly #whole = new Set<Whole>();
  /** The policies as they were last told. */
  #policies = new Policies();
  /** The clusters as they were last told: their gateways' records change every second, but seldom in a field that workers need. */
  #told: { clusters?: string; remotes?: string; scouting?: string } = {};
  #isWhole = false;
  #sentAt = -Infinity;
  #scheduled: NodeJS.Immediate | undefined;
  #cancelLater: (() => void) | undefined;

  /** `send` is called for each update, to carry it to every worker there is. */
  constructor(
    source: FeedSource,
    send: (update: Update) => void,
    clock: Pick<Clock, 'monotonic' | 'after'>,
  ) {
    this.#source = source;
    this.#send = send;
    this.#clock = clock;
  }

  /** Everything, for a worker that begins: what changed before it began is not told again to it. */
  everything(): Update {
    const source = this.#source;
    return {
      services: writeSheets(
        Iterator.from(source.services()).map(
          (service) => [service, source.facts(service)] as const,
        ),
      ),
      isWhole: true,
      policies: { set: [...source.policies()], removed: [] },
      keys: source.keys(),
      endpointTrust: [...source.endpointTrusts()],
      trust: Array.from(source.trustDomains(), (domain) => this.#rootsOf(domain)),
      foreign: source.foreign().map(trustedRoots),
      clusters: clusterFacts(source.clusters()),
      remotes: source.remotes(),
      effects: source.effects(),
      informed: source.informed(),
      scouting: source.scouting(),
      used: [...this.#used],
    };
  }

  /** The source is another: everything is told anew. */
  startedOver(): void {
    this.#isWhole = true;
    this.#schedule();
  }

  serviceChanged(service: ServiceName): void {
    this.#services.add(service);
    this.#schedule();
  }

  /** The registry has a service otherwise than before: at a thousand of these a second each is told within `gatherMs`. */
  publishedChanged(service: ServiceName): void {
    const waitMs = this.#sentAt + gatherMs - this.#clock.monotonic();
    if (waitMs <= 0) {
      this.serviceChanged(service);
      return;
    }
    this.#services.add(service);
    this.#cancelLater ??= this.#clock.after(waitMs, () => this.flush());
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

  /** Others are trusted at a service's endpoints. */
  endpointTrustChanged(service: ServiceName): void {
    this.#endpointTrust.add(service);
    this.#schedule();
  }

  /** A gateway of that cluster is another process than before. */
  gatewayReplaced(cluster: ClusterName): void {
    this.#replaced.add(cluster);
    this.#schedule();
  }

  /** There is a sign of life from that cluster. */
  alive(cluster: ClusterName): void {
    this.#alive.add(cluster);
    this.#schedule();
  }

  /** The check of an endpoint that was ejected has passed. */
  passed(endpoint: EndpointName): void {
    this.#passed.add(endpoint);
    this.#schedule();
  }

  changed(part: Whole): void {
    this.#whole.add(part);
    this.#schedule();
  }

  /** Sends what is to be told now. */
  flush(): void {
    this.close();
    const source = this.#source;
    const whole = this.#whole;
    if (this.#isWhole) {
      this.#isWhole = false;
      this.#services.clear();
      // What is in it may differ from what was told last, and be changed back after it.
      this.#told = {};
      this.#send(this.everything());
    }
    const policies = source.policies();
    const delta = whole.has('policies') && policies.since(this.#policies);
    this.#policies = policies;
    const clusters =
      whole.has('clusters') && this.#ifNew('clusters', clusterFacts(source.clusters()));
    const remotes = whole.has('remotes') && this.#ifNew('remotes', source.remotes());
    const scouting = whole.has('scouting') && this.#ifNew('scouting', source.scouting());
    const services = Array.from(this.#services, (name) => [name, source.facts(name)] as const);
    for (const [name, facts] of services) if (facts === undefined) this.#used.delete(name);
    const update: Update = {
      ...(services.length > 0 && { services: writeSheets(services) }),
      ...(this.#newlyUsed.size > 0 && { used: [...this.#newlyUsed] }),
      ...(this.#trust.size > 0 && { trust: Array.from(this.#trust, (one) => this.#rootsOf(one)) }),
      ...(this.#endpointTrust.size > 0 && {
        endpointTrust: Array.from(this.#endpointTrust, (service) => ({
          service,
          trust: source.endpointTrust(service),
        })),
      }),
      ...(this.#replaced.size > 0 && { replaced: [...this.#replaced] }),
      ...(this.#alive.size > 0 && { alive: [...this.#alive] }),
      ...(this.#passed.size > 0 && { passed: [...this.#passed] }),
      ...(clusters && { clusters }),
      ...(remotes && { remotes }),
      ...(scouting && { scouting }),
      ...(whole.has('identity') && { identity: source.identity() }),
      ...(whole.has('foreign') && { foreign: source.foreign().map(trustedRoots) }),
      ...(whole.has('credentials') && { credentials: source.credentials() }),
      ...(delta && { policies: delta }),
      ...(whole.has('keys') && { keys: source.keys() }),
      ...(whole.has('logLevel') && { logLevel: source.logLevel() }),
      ...(whole.has('effects') && { effects: source.effects() }),
      ...(whole.has('informed') && { informed: source.informed() }),
    };
    for (const told of [
      this.#services,
      this.#newlyUsed,
      this.#trust,
      this.#endpointTrust,
      this.#replaced,
      this.#alive,
      this.#passed,
      this.#whole,
    ]) {
      told.clear();
    }
    if (Object.keys(update).length === 0) return;
    this.#sentAt = this.#clock.monotonic();
    this.#send(update);
  }

  close(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#cancelLater?.();
    this.#cancelLater = undefined;
  }

  #ifNew<T extends object>(part: 'clusters' | 'remotes' | 'scouting', value: T): T | undefined {
    const text = JSON.stringify(value, (_, one) => (one instanceof Map ? [...one] : one));
    if (text === this.#told[part]) return undefined;
    this.#told = { ...this.#told, [part]: text };
    return value;
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  #rootsOf(trustDomain: TrustDomain): TrustedRoots {
    const bundle = this.#source.bundle(trustDomain);
    if (bundle) return trustedRoots(bundle);
    return { trustDomain, sequence: 0, refreshHintSeconds: 0, roots: undefined };
  }
}

function trustedRoots({ roots, ...bundle }: Bundle): TrustedRoots {
  return { ...bundle, roots: roots.map(({ raw }) => new Uint8Array(raw)) };
}

/** Cuts the clusters' records down to what decisions need: the rest would be copied for nothing. */
function clusterFacts(
  clusters: ReadonlyMap<ClusterName, ClusterFacts>,
): ReadonlyMap<ClusterName, ClusterFacts> {
  return new Map(
    Array.from(clusters, ([cluster, { record, synced, gateways }]) => [
      cluster,
      {
        ...(record && { record: { region: record.region } }),
        ...(synced !== undefined && { synced: true }),
        ...(gateways && { gateways: gatewayFacts(gateways) }),
      },
    ]),
  );
}

function gatewayFacts(
  gateways: NonNullable<ClusterFacts['gateways']>,
): NonNullable<ClusterFacts['gateways']> {
  return new Map(
    Array.from(gateways, ([id, { zone, ending }]) => [id, { zone, ...(ending && { ending }) }]),
  );
}
