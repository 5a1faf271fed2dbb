/** Owns one worker's data side: its parts put together, and how they follow what the control side says. */
import type { LeafIdentity } from '../../../certs/authority.ts';
import { TrustStore } from '../../../certs/trust-store.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { BreakerTable } from '../balance/breaker-table.ts';
import { faultLookup } from '../fault/faults.ts';
import type { LinkStatus } from '../link/cluster-links.ts';
import { mutualTlsDial } from '../link/dial.ts';
import { Links } from '../link/links.ts';
import type { IngressCredentials } from '../listen/credentials.ts';
import { TrustedProxies } from '../message/trusted-proxies.ts';
import type { Observer } from '../observe/observer.ts';
import type { Recorder } from '../observe/record.ts';
import { KeyRings } from '../request/authenticate/key-rings.ts';
import { responseLimits } from '../request/limit.ts';
import { createProxy, type GatewayProxy } from '../request/proxy.ts';
import type { BucketTable } from '../request/rate-limit/bucket-table.ts';
import type { PartTarget } from '../request/route/ports.ts';
import { createEndpointTransport } from '../upstream/endpoint-transport.ts';
import { NameResolver } from '../upstream/resolve.ts';
import { SecureTransports } from '../upstream/secure-transports.ts';
import type { Http1Limits } from '../wire/http1/limits.ts';
import type { Gauges } from './gauges.ts';
import type { ListenAt, PerListener } from './listeners.ts';
import { Listeners } from './listening.ts';
import { canShed } from './overload.ts';
import { Pressure } from './pressure.ts';
import type { Requests, Results, Update, WorkerOptions } from './protocol.ts';
import { Replica } from './replica.ts';
import { Routing } from './routing.ts';
import { believe, believeOnly } from './trusting.ts';

interface DataSideOptions {
  readonly worker: WorkerOptions;
  readonly identity: LeafIdentity;
  readonly credentials: readonly IngressCredentials[];
  readonly recorder: Recorder;
  /** Counts for breakers, with the other workers; default alone. */
  readonly breakers?: BreakerTable;
  readonly observer: Observer | undefined;
  readonly gauges: Gauges;
  readonly buckets: BucketTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  onLink(cluster: ClusterName, status: LinkStatus): void;
  /** A gateway of a cluster that links here wait to connect to has connected to us. */
  onAlive(cluster: ClusterName): void;
  /** A service was asked for that was not before. */
  onUsed(service: ServiceName): void;
  /** Told of each endpoint of the own cluster that is ejected here. */
  onEjected(service: ServiceName, id: string): void;
}

export class DataSide {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #cluster: ClusterName;
  readonly #index: number;
  readonly #replica: Replica;
  readonly #trust = new TrustStore();
  /** The bundles of foreign trust domains: nothing that is vouched for by these is ever a gateway. */
  readonly #foreign = new TrustStore();
  readonly #keyRings = new KeyRings();
  readonly #links: Links;
  readonly #routing: Routing;
  readonly #endpoints: ReturnType<typeof createEndpointTransport>;
  readonly #secure: SecureTransports;
  /** Limits of responses' heads: the object stays the same. */
  readonly #heads: Http1Limits;
  readonly #pressure: Pressure;
  readonly #proxy: GatewayProxy;
  readonly #listeners: Listeners;
  #identity: LeafIdentity;
  #remotes: readonly ClusterName[] = [];

  constructor(options: DataSideOptions) {
    const { worker, identity, credentials, gauges, clock, random, log } = options;
    const { index, cluster, gatewayId, federation, caller, limits, exposeDecision } = worker;
    this.#log = log;
    this.#clock = clock;
    this.#cluster = cluster;
    this.#index = index;
    this.#identity = identity;
    this.#replica = new Replica(cluster);
    this.#heads = responseLimits(limits);
    const proof = { identity: () => this.#identity, trust: this.#trust };
    const names = new NameResolver({ clock, log });
    this.#links = new Links({
      dial: mutualTlsDial({ ...proof, clock, lookup: names.lookup }),
      resolve: (host) => names.resolve(host),
      clock,
      random,
      log,
      heads: this.#heads,
      isCut: (name) => this.#proxy.faults.isCut(name),
    });
    this.#routing = new Routing({
      federation,
      caller,
      clock,
      random,
      breakers: options.breakers ?? new BreakerTable(),
      onShut: (service, cluster, breaker) => options.recorder.shut(service, cluster, breaker),
      onUsed: options.onUsed,
      onEjected: options.onEjected,
      source: {
        facts: (service) => this.#replica.facts(service),
        clusters: () => this.#replica.clusters,
        links: (name) => this.#links.state(name),
        policy: (service, client) => this.#replica.policy(service, client),
        governing: (service) => this.#replica.governing(service),
        routes: () => this.#replica.routes,
        limit: (namespace, name) => this.#replica.limit(namespace, name),
        tellsClientsApart: () => this.#replica.tellsClientsApart,
        secure: (service) => this.#secure.of(service),
        exportedTo: (service) => this.#replica.exportedTo(service),
        isRenamed: (service) => this.#replica.isRenamed(service),
        exportedAs: (name) => this.#replica.exportedAs(name),
        ledTo: (host) => this.#replica.ledTo(host),
        shifts: () => this.#replica.effects.shifts,
      },
    });
    this.#links.onChange((name, status) => {
      this.#routing.wayChanged(name);
      this.#proxy.faults.linkChanged(name, status.state);
      options.onLink(name, status);
    });
    this.#endpoints = createEndpointTransport(names, this.#heads);
    this.#secure = new SecureTransports(names, this.#heads);
    this.#pressure = new Pressure({ limits: worker.overload, index, gauges, clock, log });
    this.#proxy = createProxy({
      cluster,
      gatewayId,
      federation,
      routes: this.#routing.table,
      links: this.#links,
      endpoints: this.#endpoints,
      clock,
      random,
      log,
      limits,
      exposeDecision,
      proxies: new TrustedProxies(worker.proxies),
      recorder: options.recorder,
      principalsPerService: worker.principalsPerService,
      observer: options.observer,
      keyRings: this.#keyRings,
      buckets: options.buckets,
      isOverloaded: canShed(worker.overload) ? () => this.#pressure.isOverloaded : undefined,
      isInformed: () => this.#replica.isInformed,
    });
    const { edge, outboundProxyProtocol, eastWestProxyProtocol } = worker;
    const { table: services } = this.#routing;
    const ground = { proxy: this.#proxy, services, clock, log };
    this.#listeners = new Listeners({
      ...ground,
      ...proof,
      foreign: this.#foreign,
      edge,
      credentials,
      outboundProxyProtocol,
      eastWestProxyProtocol,
      onGateway: (name) => {
        if (this.#links.heard(name)) options.onAlive(name);
      },
    });
  }

  /** Takes in an update as a whole: no request sees half of it. */
  update(update: Update): void {
    const { clusters, remotes, replaced = [], alive = [], trust = [] } = update;
    const { identity, credentials, logLevel, effects, scouting, used = [], passed = [] } = update;
    if (logLevel) this.#log.level = logLevel;
    for (const roots of trust) believe(this.#trust, roots);
    if (update.foreign) believeOnly(this.#foreign, update.foreign);
    if (identity) this.#prove(identity);
    if (credentials) this.#listeners.updateCredentials(credentials);
    if (update.keys) this.#keyRings.update(update.keys);
    const { shifts } = this.#replica.effects;
    const secured = this.#trustEndpoints(update);
    const services = this.#replica.take(update);
    if (update.policies) this.#routing.hostsChanged();
    if (remotes) {
      this.#remotes = remotes.map(({ cluster }) => cluster);
      this.#links.update(remotes);
    }
    for (const cluster of replaced) this.#links.refresh(cluster);
    if (scouting) this.#links.leave(scouting.scout === this.#index ? [] : scouting.clusters);
    for (const cluster of alive) this.#links.hurry(cluster);
    if (effects) this.#proxy.faults.update(faultLookup(effects.faults, this.#cluster));
    if (services === undefined || clusters || remotes) this.#routing.everythingChanged();
    else {
      for (const service of services.union(secured)) this.#routing.serviceChanged(service);
      if (effects) this.#routing.steeredAnew(shifts);
    }
    for (const service of used) this.#routing.follow(service);
    for (const { service, id } of passed) this.#routing.checkPassed(service, [id]);
    if (update.policies) this.#proxy.review((service) => this.#routing.table.get(service));
  }

  listen(at: PerListener<ListenAt>): Promise<Results['listen']> {
    return this.#listeners.listen(at);
  }

  /** Listens for more clients from outside, as part of an edge that is not yet in force. Throws PORT_IN_USE; then nothing is prepared. */
  prepare(prepared: Requests['prepare']): Promise<Results['prepare']> {
    return this.#listeners.prepare(prepared);
  }

  /** The prepared edge is in force from now on, and so are these limits. */
  commit({ kept, limits }: Requests['commit']): void {
    this.#proxy.updateLimits(limits);
    Object.assign(this.#heads, responseLimits(limits));
    this.#listeners.commit(kept);
  }

  discard(): Promise<void> {
    return this.#listeners.discard();
  }

  /** Resolves when every cluster's links are up or have failed once, or after `limitMs`. */
  async settle(limitMs: number): Promise<void> {
    const isSettled = () =>
      this.#remotes.every((cluster) => this.#links.state(cluster).state !== 'connecting');
    if (isSettled()) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        stop();
        resolve();
      };
      const cancel = this.#clock.after(limitMs, done);
      const stop = this.#links.onChange(() => {
        if (isSettled()) done();
      });
    });
  }

  balancer(target: PartTarget): Results['balancer'] {
    return this.#routing.known(target)?.state();
  }

  balancers(): Results['balancers'] {
    return new Map(
      Array.from(this.#routing.table, ({ service, balancer }) => [service, balancer.state()]),
    );
  }

  links(cluster: ClusterName | undefined): Results['links'] {
    return this.#links.details(cluster);
  }

  resting(): Results['resting'] {
    return this.#trust.resting;
  }

  stop(): void {
    this.#listeners.stop();
  }

  async drain(limitMs: number, graceMs: number): Promise<void> {
    await this.#listeners.drain(limitMs, graceMs);
    await this.#end(limitMs);
  }

  async close(): Promise<void> {
    await this.#listeners.close();
    await this.#end(0);
  }

  async #end(limitMs: number): Promise<void> {
    this.#links.close(limitMs);
    this.#routing.close();
    this.#pressure.close();
    this.#endpoints.close();
    this.#secure.close();
    this.#proxy.close();
  }

  /** Returns the services whose endpoints are reached in another way now. */
  #trustEndpoints({ endpointTrust = [], isWhole }: Update): ReadonlySet<ServiceName> {
    const changed = new Set(endpointTrust.map(({ service }) => service));
    if (isWhole) return changed.union(new Set(this.#secure.takeAll(endpointTrust)));
    for (const one of endpointTrust) this.#secure.take(one);
    return changed;
  }

  #prove(identity: LeafIdentity): void {
    // A certificate of somebody else would be a mix-up of the control side's.
    if (identity.id.uri !== this.#identity.id.uri) {
      throw new IsthmusError('INTERNAL', {
        what: `A worker got a certificate of ${identity.id.uri}`,
      });
    }
    this.#identity = identity;
    this.#listeners.updateIdentity();
    this.#links.refresh();
  }
}
