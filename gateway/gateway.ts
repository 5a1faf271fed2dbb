/** Owns one running gateway: its parts, and the order they start and end in. */
import { join } from 'node:path';
import type { Clock, Random } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { LogLevel } from '../core/log-levels.ts';
import { ShardMap } from '../core/shard-map.ts';
import type { Policies, PolicyResource } from '../policy/effective.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { Catalog } from './control/catalog/catalog.ts';
import { KnownServices } from './control/catalog/known-services.ts';
import { RegistrationsFile } from './control/catalog/registrations-file.ts';
import { IngressCertificates } from './control/certificates/ingress-certificates.ts';
import { Changes } from './control/changes.ts';
import type { GatewayConfig } from './control/config/config.ts';
import { listenOf, workerOptionsOf } from './control/config/data-side-settings.ts';
import { configuredEndpoints } from './control/config/service.ts';
import type { Drills } from './control/drills/drills.ts';
import { type Effects, noEffects } from './control/drills/effects.ts';
import { drillsOf } from './control/drills/gateway-drills.ts';
import { createJournal, type Journal } from './control/events/journal.ts';
import { HealthChecker } from './control/health/checker.ts';
import { clusterDraft } from './control/membership/cluster-draft.ts';
import { gatewayRecordOf } from './control/membership/gateway-record.ts';
import { type Identity, openIdentity } from './control/membership/identity.ts';
import { MembersListener } from './control/membership/members-listener.ts';
import { Membership } from './control/membership/membership.ts';
import { publishChanges } from './control/membership/publishing.ts';
import { OtherGateways } from './control/others/other-gateways.ts';
import { followRegistry } from './control/policies/following.ts';
import { Governing } from './control/policies/governing.ts';
import { WrittenPolicies } from './control/policies/written-policies.ts';
import { everythingKnown } from './control/readiness/knowing.ts';
import { type Lifecycle, type Readiness, readinessOf } from './control/readiness/readiness.ts';
import type { Predecessor } from './control/takeover/predecessor.ts';
import { Observations } from './control/telemetry/observations.ts';
import { feedChanges } from './control/workers/feed-changes.ts';
import { feedSourceOf } from './control/workers/feed-source.ts';
import type { Sockets } from './control/workers/places.ts';
import { Workers } from './control/workers/workers.ts';
import type { Caller } from './data/balance/types.ts';
import { NameResolver } from './data/upstream/resolve.ts';
import type { PerListener } from './data/worker/listeners.ts';

interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called once this gateway is of its cluster from the next start on: another process is to take its place. */
  adopted(): void;
  /** The process whose place this one takes, if any. */
  readonly predecessor?:
    | (Pick<Predecessor, 'released'> & {
        readonly sockets: Partial<Sockets>;
        /** Called once requests are taken here too. */
        ready(): Promise<void>;
      })
    | undefined;
}

/** The snapshot of a gateway that is in no federation. */
const nothing: Snapshot = { clusters: new Map(), services: ShardMap.empty(), revision: 0 };
/** How long connections that rest are left to their clients, and links to the gateways that are making new ones. */
const retireGraceMs = 5_000;
/** How long a successor, whose predecessor serves meanwhile, waits for a snapshot; and how long any other gateway does. */
const successorPatienceMs = 5_000;
const patienceMs = 1_000;

export class Gateway {
  readonly clock: Clock;
  readonly caller: Caller;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly ingressCertificates: IngressCertificates;
  /** The endpoints that are registered here. */
  readonly catalog: Catalog;
  /** The services that are known, here and elsewhere. */
  readonly services: KnownServices;
  readonly membership: Membership;
  readonly membersListener: MembersListener;
  /** The data side. */
  readonly workers: Workers;
  /** Events, for those who look later. */
  readonly journal: Journal;
  /** The federation's other gateways, as they can be asked. */
  readonly others: OtherGateways;
  readonly drills: Drills;
  /** The policies that are written while it runs. */
  readonly writtenPolicies: WrittenPolicies;
  readonly observations: Observations;
  /** The bus by which the parts hear of changes. */
  readonly changes = new Changes();
  readonly #options: GatewayOptions;
  readonly #checker: HealthChecker;
  readonly #registrations: RegistrationsFile;
  readonly #governing: Governing;
  #config: GatewayConfig;
  /** Why the configuration file is not what is in force. */
  configProblem: IsthmusError | undefined;
  #effects: Effects = noEffects;
  #stopPublishing = (): void => {};
  #lifecycle: Lifecycle = 'starting';
  /** Resolves when requests are taken here, and nobody else is this gateway. */
  readonly #serving = Promise.withResolvers<void>();

  private constructor(
    options: GatewayOptions,
    identity: Identity,
    ingressCertificates: IngressCertificates,
    observations: Observations,
  ) {
    const { config, clock, random, log } = options;
    const { cluster, region, zone, gateway } = config;
    this.#options = options;
    this.#config = config;
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
      resolve: (host) => resolver.resolve(host),
      defaults: (service) => this.policies.defaults({ service, client: cluster, where: cluster }),
    });
    this.#registrations = new RegistrationsFile({
      path: join(config.dataDir, 'registrations.json'),
      registrations: () => this.catalog.apiRegistrations(),
      clock,
      log,
    });
    const { changes } = this;
    const written = (): readonly PolicyResource[] => this.writtenPolicies.resources;
    const { catalog } = this;
    this.#governing = new Governing({ config, written, catalog, changes });
    this.services = new KnownServices({
      home: { cluster, gateway },
      catalog: this.catalog,
      checker: this.#checker,
      changes: this.changes,
      snapshot: () => this.snapshot,
      link: (name) => this.workers.links.state(name),
      shifts: () => this.#effects.shifts,
      policies: () => this.policies,
      dropOrphan: (service, id) => this.membership.session?.client.dropOrphan(service, id),
    });
    this.workers = new Workers({
      workers: config.workers,
      listen: listenOf(config),
      inherited: options.predecessor?.sockets,
      worker: workerOptionsOf(config),
      source: feedSourceOf(this),
      onObserved: (observed) => observations.take(observed),
      clock,
      random,
      log,
    });
    this.membership = new Membership({
      ...options,
      identity,
      released: options.predecessor?.released,
      serving: this.#serving.promise,
      adopted: options.adopted,
      source: {
        ownServices: () => this.catalog.services(),
        ownEndpoints: (service) => this.catalog.records(service),
        clusterEndpoints: (service) => this.services.offered(service),
        gatewayRecord: () => gatewayRecordOf(this),
        clusterDraft: (joinedAt) => clusterDraft(this.config, this.addresses, joinedAt),
        changed: (delta) => this.changes.tell('snapshot', delta),
      },
      changed: () => this.changes.tell('membership'),
    });
    const { membership } = this;
    this.membersListener = new MembersListener({ config, identity, membership, clock, log });
    feedChanges(this.workers.feed, this);
    const apply = (effects: Effects) => {
      this.#effects = effects;
      this.changes.tell('effects');
    };
    this.others = new OtherGateways(this, clock);
    this.drills = drillsOf(this, { apply, others: this.others, random, log });
    this.writtenPolicies = new WrittenPolicies({
      federation: config.federation,
      self: cluster,
      dataDir: config.dataDir,
      signer: identity.authority,
      changed: () => this.#governing.look(),
      clock,
      random,
      log,
    });
    followRegistry(this.writtenPolicies, this);
  }

  /** Starts everything. Throws what keeps it from serving; a registry or a cluster that is down does not. */
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

  /** Whether it serves, and why not. */
  get readiness(): Readiness {
    return readinessOf(this.#lifecycle, this.membership.obstacle);
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

  /** The configuration in force; parts that never change may be kept. */
  get config(): GatewayConfig {
    return this.#config;
  }

  /** All policies; one that did not change stays the same object. */
  get policies(): Policies {
    return this.#governing.policies;
  }

  get logLevel(): LogLevel {
    return this.#options.log.level as LogLevel;
  }

  /** Until the process ends: the configuration's holds again then. */
  set logLevel(level: LogLevel) {
    this.#options.log.level = level;
    this.changes.tell('logLevel');
  }

  /** The effects of drills and standing orders here. */
  get effects(): Effects {
    return this.#effects;
  }

  get snapshot(): Snapshot {
    return this.membership.session?.client.snapshot ?? nothing;
  }

  /**
   * Takes up a configuration as a whole: services, balancing, limits, and the listeners for clients from outside. What else is in it is
   * as before. Throws PORT_IN_USE, FILE_UNREADABLE, CERT_INVALID or KEY_UNREADABLE; then nothing has changed.
   */
  async reconfigure(loaded: GatewayConfig): Promise<void> {
    const { config, ingressCertificates, workers } = this;
    const { clock, log } = this.#options;
    // Where it listens, and hosts the registry, is what was found when it started.
    const next = { ...loaded, listen: config.listen, registry: config.registry };
    const { ingress, baseDir } = next;
    const certificates = await IngressCertificates.open({ ingress, baseDir, clock, log });
    const prepared = await workers
      .prepare(listenOf(next), workerOptionsOf(next), certificates.current)
      .catch((thrown) => {
        certificates.stop();
        throw thrown;
      });
    this.#config = next;
    ingressCertificates.become(certificates);
    if (next.log.level !== config.log.level) this.logLevel = next.log.level;
    // Endpoints that come find what their service says of them.
    this.#governing.configure(next);
    this.catalog.configure(configuredEndpoints(next));
    await prepared.commit();
    // Other certificates may have been read between preparing and now.
    this.changes.tell('credentials');
  }

  /** Stops taking requests, says goodbye to the registry, finishes what is in flight, and ends everything. */
  async drain(limitMs: number): Promise<void> {
    this.#lifecycle = 'draining';
    await this.drills.close({ withdraw: true });
    await this.writtenPolicies.close();
    // First out of the others' sight, so that nothing new is sent here.
    await this.membership.close({ withdraw: true });
    await this.workers.drain(limitMs, 0);
    await this.#end();
  }

  /** Lets go of everything that can be one process's only, without a goodbye: its successor is there already. */
  async release(): Promise<void> {
    this.#lifecycle = 'draining';
    await this.drills.close({ withdraw: false });
    await this.writtenPolicies.close();
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
    this.#lifecycle = 'draining';
    await this.drills.close({ withdraw: false });
    await this.writtenPolicies.close();
    await this.membership.close({ withdraw: false });
    await this.workers.close();
    await this.#end();
  }

  async #start(): Promise<void> {
    const { config, predecessor } = this.#options;
    for (const registration of configuredEndpoints(config)) this.catalog.put(registration);
    this.catalog.restore(await this.#registrations.load());
    this.catalog.onRegistered((change) => this.#registrations.changed(change));
    this.#speak();
    this.#stopPublishing = publishChanges(this);
    const wasMember = this.membership.isMember;
    if (!predecessor) await this.membersListener.start();
    await this.#serve(wasMember, predecessor ? successorPatienceMs : patienceMs);
    if (predecessor) await this.#succeed(predecessor);
    this.#serving.resolve();
    if (!wasMember) await this.membership.start();
    this.#lifecycle = 'serving';
    this.changes.tell('readiness');
  }

  /** Has the parts that know of nobody tell everybody what changed in them. */
  #speak(): void {
    const { catalog, changes, identity, ingressCertificates, workers } = this;
    catalog.onChange((service) => changes.tell('endpoints', service));
    workers.links.onChange((cluster) => changes.tell('link', cluster));
    identity.trust.onChange((trustDomain) => changes.tell('trust', trustDomain));
    identity.leaf.onRenew(() => changes.tell('identity'));
    ingressCertificates.onChange(() => changes.tell('credentials'));
  }

  /** Takes requests only once it has a snapshot, as far as one can be had in time. */
  async #serve(isMember: boolean, patienceMs: number): Promise<void> {
    const { catalog, clock, membership, workers, writtenPolicies } = this;
    await workers.start(async () => {
      if (isMember) await membership.start();
      await writtenPolicies.recalled();
      const { session } = membership;
      const synced = session && Promise.all([session.client.synced(), writtenPolicies.listed()]);
      await everythingKnown({ synced, catalog, workers, patienceMs, clock });
    });
  }

  /** Takes all else only once its predecessor has let go of it. */
  async #succeed({ ready, released }: NonNullable<GatewayOptions['predecessor']>): Promise<void> {
    await ready();
    await released;
    // What was registered with the other process meanwhile.
    this.catalog.restore(await this.#registrations.load());
    await this.membersListener.start();
  }

  async #end(): Promise<void> {
    this.others.close();
    await this.membersListener.close();
    this.#stopPublishing();
    this.catalog.close();
    this.#checker.close();
    this.identity.leaf.stop();
    this.ingressCertificates.stop();
    await this.#registrations.flush();
    await this.observations.close(this.clock);
  }

  /** Problems with the membership, the registry, the disk and the configuration file, each with its fix. */
  get problems(): readonly IsthmusError[] {
    const more = [this.#registrations.problem, this.configProblem];
    return [
      ...this.membership.problems,
      ...this.policyProblems,
      ...more.filter((problem) => problem !== undefined),
    ];
  }

  /** One for each written policy that is not used as it stands in the registry. */
  get policyProblems(): readonly IsthmusError[] {
    return this.writtenPolicies.problems;
  }

  /** Why what is registered would not outlive a restart; undefined while it would. */
  get registrationsProblem(): IsthmusError | undefined {
    return this.#registrations.problem;
  }

  /** Resolves once what is registered is on disk, so that it outlives a crash from now on; or is in `problems`. */
  registrationsSaved(): Promise<void> {
    return this.#registrations.flush();
  }

  /** Throws DRAINING. */
  assertServing(): void {
    if (this.#lifecycle !== 'draining') return;
    throw new IsthmusError('DRAINING', {
      what: 'The gateway is draining and takes no registrations',
    });
  }
}
