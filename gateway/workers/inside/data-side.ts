/** Owns one worker's data side: its parts put together, and how they follow what the control side says. */
import { X509Certificate } from 'node:crypto';
import type { LeafIdentity } from '../../../certs/authority.ts';
import { TrustStore } from '../../../certs/trust-store.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { IngressCredentials } from '../../edge/credentials.ts';
import { mutualTlsDial } from '../../link/dial.ts';
import { LinkPool, type LinkStatus } from '../../link/pool.ts';
import { createEndpointTransport } from '../../proxy/endpoint-transport.ts';
import { faultLookup } from '../../proxy/faults.ts';
import type { Observer } from '../../proxy/observer.ts';
import { createProxy, type GatewayProxy } from '../../proxy/proxy.ts';
import type { Recorder } from '../../proxy/record.ts';
import { NameResolver } from '../../proxy/resolve.ts';
import type { Gauges } from '../gauges.ts';
import type { ListenAt, PerListener } from '../listeners.ts';
import type { Results, Settings, TrustedRoots, Update, WorkerOptions } from '../protocol.ts';
import { Listeners } from './listeners.ts';
import { Pressure } from './pressure.ts';
import { Routing } from './routing.ts';
import { World } from './world.ts';

export interface DataSideOptions {
  readonly worker: WorkerOptions;
  readonly settings: Settings;
  readonly identity: LeafIdentity;
  readonly credentials: readonly IngressCredentials[];
  readonly recorder: Recorder;
  readonly observer: Observer | undefined;
  readonly gauges: Gauges;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  onLink(cluster: ClusterName, status: LinkStatus): void;
  /** A service was asked for that was not before. */
  onUsed(service: ServiceName): void;
}

export class DataSide {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #cluster: ClusterName;
  readonly #world: World;
  readonly #trust = new TrustStore();
  readonly #links: LinkPool;
  readonly #routing: Routing;
  readonly #endpoints: ReturnType<typeof createEndpointTransport>;
  readonly #pressure: Pressure;
  readonly #proxy: GatewayProxy;
  readonly #listeners: Listeners;
  #identity: LeafIdentity;
  #remotes: readonly ClusterName[] = [];

  constructor(options: DataSideOptions) {
    const { worker, settings, identity, credentials, gauges, clock, random, log } = options;
    const { cluster, gatewayId, federation, caller, limits, exposeDecision } = worker;
    this.#log = log;
    this.#clock = clock;
    this.#cluster = cluster;
    this.#identity = identity;
    this.#world = new World(settings);
    const proof = { identity: () => this.#identity, trust: this.#trust };
    this.#links = new LinkPool({
      dial: mutualTlsDial({ ...proof, clock }),
      clock,
      random,
      log,
      isCut: (name) => this.#proxy.faults.isCut(name),
    });
    this.#routing = new Routing({
      federation,
      caller,
      clock,
      random,
      onUsed: options.onUsed,
      world: {
        facts: (service) => this.#world.facts(service),
        clusters: () => this.#world.clusters,
        links: (name) => this.#links.state(name),
        settings: (service) => this.#world.settings(service),
        shifts: () => this.#world.effects.shifts,
      },
    });
    this.#links.onChange((name, status) => {
      this.#routing.everythingChanged();
      this.#proxy.faults.linkChanged(name, status.state === 'up');
      options.onLink(name, status);
    });
    this.#endpoints = createEndpointTransport(new NameResolver({ clock, log }));
    this.#pressure = new Pressure({ limits: worker.overload, gauges, clock, log });
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
      recorder: options.recorder,
      observer: options.observer,
      isOverloaded: () => this.#pressure.isOverloaded,
    });
    const { edge } = worker;
    const { table: services } = this.#routing;
    const ground = { proxy: this.#proxy, services, clock, log };
    this.#listeners = new Listeners({ ...ground, ...proof, edge, credentials });
  }

  /** Takes in an update as a whole: no request sees half of it. */
  update(update: Update): void {
    const { isWhole, clusters, remotes, replaced = [], trust = [], identity, credentials } = update;
    const { settings, effects, used = [] } = update;
    if (settings) this.#log.level = settings.logLevel;
    for (const roots of trust) this.#believe(roots);
    if (identity) this.#prove(identity);
    if (credentials) this.#listeners.updateCredentials(credentials);
    const { shifts } = this.#world.effects;
    const services = this.#world.take(update);
    if (remotes) {
      this.#remotes = remotes.map(({ cluster }) => cluster);
      this.#links.update(remotes);
    }
    for (const cluster of replaced) this.#links.refresh(cluster);
    if (effects) this.#proxy.faults.update(faultLookup(effects.faults, this.#cluster));
    if (isWhole || clusters || remotes || settings) this.#routing.everythingChanged();
    else {
      for (const service of services) this.#routing.serviceChanged(service);
      if (effects) this.#routing.steeredAnew(shifts);
    }
    for (const service of used) this.#routing.follow(service);
  }

  listen(at: PerListener<ListenAt>): Promise<Results['listen']> {
    return this.#listeners.listen(at);
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

  balancer(service: Parameters<Routing['table']['get']>[0]): Results['balancer'] {
    return this.#routing.table.get(service)?.balancer.state();
  }

  balancers(): Results['balancers'] {
    return new Map(
      Array.from(this.#routing.table, ({ service, balancer }) => [service, balancer.state()]),
    );
  }

  links(cluster: ClusterName | undefined): Results['links'] {
    return this.#links.details(cluster);
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
    this.#proxy.close();
  }

  #believe({ trustDomain, sequence, refreshHintSeconds, roots }: TrustedRoots): void {
    if (roots === undefined) {
      this.#trust.remove(trustDomain);
      return;
    }
    this.#trust.set({
      trustDomain,
      sequence,
      refreshHintSeconds,
      roots: roots.map((der) => new X509Certificate(der)),
    });
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
