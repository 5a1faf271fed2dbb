/** Owns one running gateway: its parts, and the order they start and end in. */
import { join } from 'node:path';
import type { Clock, Random } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log, LogLevel } from '../core/log.ts';
import { ShardMap } from '../core/shard-map.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import type { Caller } from './balance/types.ts';
import { Catalog } from './catalog/catalog.ts';
import { RegistrationsFile } from './catalog/registrations-file.ts';
import { IngressCertificates } from './certificates/ingress-certificates.ts';
import { Changes } from './changes.ts';
import type { GatewayConfig } from './config/config.ts';
import { listenOf, workerOptionsOf } from './config/data-side-settings.ts';
import { configuredEndpoints } from './config/service.ts';
import type { Drills } from './drills/drills.ts';
import { type Effects, noEffects } from './drills/effects.ts';
import { createJournal, type Journal } from './events/journal.ts';
import { feedWorldOf } from './feed-world.ts';
import { drillsOf } from './gateway-drills.ts';
import { HealthChecker } from './health/checker.ts';
import { KnownServices } from './known-services.ts';
import { clusterDraft } from './membership/cluster-draft.ts';
import { gatewayRecordOf } from './membership/gateway-record.ts';
import { type Identity, openIdentity } from './membership/identity.ts';
import { MembersListener } from './membership/members-listener.ts';
import { Membership } from './membership/membership.ts';
import { Observations } from './observations.ts';
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
const nothing: Snapshot = { clusters: new Map(), services: ShardMap.empty(), revision: 0 };
/** How long connections that rest are left to their clients, and links to the gateways that are making new ones. */
const retireGraceMs = 5_000;

export class Gateway {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly ingressCertificates: IngressCertificates;
  /** The endpoints that are registered here. */
  readonly catalog: Catalog;
  /** What is known of services, here and elsewhere. */
  readonly services: KnownServices;
  readonly membership: Membership;
  readonly membersListener: MembersListener;
  /** The data side. */
  readonly workers: WorkerPool;
  /** What happened, for whoever looks later. */
  readonly journal: Journal;
  readonly drills: Drills;
  readonly observations: Observations;
  /** Who hears of what. */
  readonly changes: Changes;
  readonly #options: GatewayOptions;
  readonly #checker: HealthChecker;
  readonly #registrations: RegistrationsFile;
  #effects: Effects = noEffects;
  #state: GatewayState = 'starting';

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
    this.changes = new Changes(this);
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
    this.services = new KnownServices(this, this.#checker, this.changes.serviceChanged);
    this.membersListener = new MembersListener(this, log);
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
        clusterEndpoints: (service) => this.services.endpoints(service),
        gatewayRecord: () => gatewayRecordOf(this),
        clusterDraft: (joinedAt) => clusterDraft(config, this.addresses, joinedAt),
        changed: (delta) => this.changes.snapshotChanged(delta),
      },
      changed: () => this.changes.membershipChanged(),
    });
    const apply = (effects: Effects) => {
      this.#effects = effects;
      this.changes.effectsChanged();
    };
    this.drills = drillsOf(this, { apply, random, log });
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
    const registry = this.membership.hosted?.address;
    return {
      ...this.workers.addresses,
      federation: this.membersListener.address,
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

  get snapshot(): Snapshot {
    return this.membership.session?.client.snapshot ?? nothing;
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
    await this.membersListener.close();
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
    const { config, predecessor } = this.#options;
    for (const registration of configuredEndpoints(config)) this.catalog.put(registration);
    this.catalog.restore(await this.#registrations.load());
    this.catalog.onChange(() => {
      this.#registrations.changed(() => this.catalog.apiRegistrations());
    });
    this.changes.listen();
    if (predecessor) await this.#succeed(predecessor);
    else {
      await this.workers.start();
      await this.membersListener.start();
      await this.membership.start();
    }
    this.#state = 'ready';
  }

  /** Takes requests only once it knows what its predecessor knows, and all else only once that has let go of it. */
  async #succeed({ ready, released }: NonNullable<GatewayOptions['predecessor']>): Promise<void> {
    const { catalog, clock, membership, workers } = this;
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
    await this.membersListener.start();
    if (!wasMember) await membership.start();
  }

  async #end(): Promise<void> {
    await this.membersListener.close();
    this.changes.close();
    this.catalog.close();
    this.#checker.close();
    this.identity.leaf.stop();
    this.ingressCertificates.stop();
    await this.#registrations.flush();
    await this.observations.close(this.clock);
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
