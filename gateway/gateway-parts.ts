/** Owns the parts of one gateway: what each is made of, what it is handed of the others, and what all of them are together. */
import { join } from 'node:path';
import type { Clock, Random } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { LogLevel } from '../core/log-levels.ts';
import { ShardMap } from '../core/shard-map.ts';
import type { Policies, PolicyResource } from '../policy/effective.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { AuditTrail } from './control/audit/trail.ts';
import { Catalog, checkKey } from './control/catalog/catalog.ts';
import { KnownServices } from './control/catalog/known-services.ts';
import { outsideHosts } from './control/catalog/outside-hosts.ts';
import type { Registration } from './control/catalog/registration.ts';
import { RegistrationsFile } from './control/catalog/registrations-file.ts';
import { EndpointTrusts } from './control/certificates/endpoint-trusts.ts';
import type { IngressCertificates } from './control/certificates/ingress-certificates.ts';
import { Changes } from './control/changes.ts';
import type { GatewayConfig } from './control/config/config.ts';
import { listenOf, workerOptionsOf } from './control/config/data-side-settings.ts';
import { configuredEndpoints } from './control/config/service.ts';
import type { Drills } from './control/drills/drills.ts';
import { type Effects, noEffects } from './control/drills/effects.ts';
import { drillsOf } from './control/drills/gateway-drills.ts';
import { createJournal, type Journal } from './control/events/journal.ts';
import { BundleEndpoint } from './control/foreign/bundle-endpoint.ts';
import { ForeignBundles } from './control/foreign/foreign-bundles.ts';
import { HealthChecker } from './control/health/checker.ts';
import { Readmission } from './control/health/readmission.ts';
import { IssuerKeys } from './control/issuers/issuer-keys.ts';
import { SharedLimits } from './control/limits/shared-limits.ts';
import { clusterDraft } from './control/membership/cluster-draft.ts';
import { gatewayRecordOf } from './control/membership/gateway-record.ts';
import type { Identity } from './control/membership/identity.ts';
import { MembersListener } from './control/membership/members-listener.ts';
import { Membership } from './control/membership/membership.ts';
import { TokenRefusals } from './control/membership/token-refusals.ts';
import { Clocks } from './control/others/clocks.ts';
import { OtherGateways } from './control/others/other-gateways.ts';
import { followRegistry } from './control/policies/following.ts';
import { Governing } from './control/policies/governing.ts';
import { WrittenPolicies } from './control/policies/written-policies.ts';
import { clockObstacle } from './control/readiness/clock-off.ts';
import { policyProblemsOf, problemsOf } from './control/readiness/problems.ts';
import { type Lifecycle, type Readiness, readinessOf } from './control/readiness/readiness.ts';
import type { Predecessor } from './control/takeover/predecessor.ts';
import type { Observations } from './control/telemetry/observations.ts';
import type { Believing } from './control/trust/believing.ts';
import type { RootRotation } from './control/trust/root-rotation.ts';
import { trustPartsOf } from './control/trust/trust-parts.ts';
import { feedChanges } from './control/workers/feed-changes.ts';
import { feedSourceOf } from './control/workers/feed-source.ts';
import type { Sockets } from './control/workers/places.ts';
import { Workers } from './control/workers/workers.ts';
import type { Caller } from './data/balance/types.ts';
import { NameResolver } from './data/upstream/resolve.ts';
import type { PerListener } from './data/worker/listeners.ts';

export interface GatewayOptions {
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

/** What has to be read from disk before there is a gateway. */
interface Opened {
  readonly identity: Identity;
  readonly ingressCertificates: IngressCertificates;
  readonly observations: Observations;
}

/** The snapshot of a gateway that is in no federation. */
const nothing: Snapshot = { clusters: new Map(), services: ShardMap.empty(), revision: 0 };
export class GatewayParts {
  readonly clock: Clock;
  readonly caller: Caller;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly ingressCertificates: IngressCertificates;
  /** Whom to trust at endpoints that are spoken to over TLS. */
  readonly endpointTrusts: EndpointTrusts;
  /** The keys of issuers whose tokens policies take. */
  readonly issuerKeys: IssuerKeys;
  /** The bundles of trust domains outside of the federation. */
  readonly foreignBundles: ForeignBundles;
  /** Where those outside get the bundles of this federation. */
  readonly bundleEndpoint: BundleEndpoint;
  /** The endpoints that are registered here. */
  readonly catalog: Catalog;
  /** The services that are known, here and elsewhere. */
  readonly services: KnownServices;
  readonly membership: Membership;
  readonly membersListener: MembersListener;
  readonly tokenRefusals: TokenRefusals;
  /** The data side. */
  readonly workers: Workers;
  /** Events, for those who look later. */
  readonly journal: Journal;
  /** Who changed what. */
  readonly auditTrail: AuditTrail;
  /** The federation's other gateways, as they can be asked. */
  readonly others: OtherGateways;
  /** How the clocks of other gateways stand to this one's. */
  readonly clocks: Clocks;
  readonly drills: Drills;
  /** The policies that are written while it runs. */
  readonly writtenPolicies: WrittenPolicies;
  /** The limits that gateways share. */
  readonly sharedLimits: SharedLimits;
  /** Which bundles this gateway says that it believes. */
  readonly believing: Believing;
  /** The change of this cluster's root. */
  readonly rootRotation: RootRotation;
  readonly observations: Observations;
  /** The bus by which the parts hear of changes. */
  readonly changes = new Changes();
  protected readonly options: GatewayOptions;
  protected readonly checker: HealthChecker;
  protected readonly registrations: RegistrationsFile;
  protected readonly governing: Governing;
  readonly #resolver: NameResolver;
  #config: GatewayConfig;
  /** Why the configuration file is not what is in force. */
  configProblem: IsthmusError | undefined;
  #effects: Effects = noEffects;
  protected lifecycle: Lifecycle = 'starting';
  /** Resolves when requests are taken here, and nobody else is this gateway. */
  protected readonly serving = Promise.withResolvers<void>();

  protected constructor(options: GatewayOptions, opened: Opened) {
    const { identity, ingressCertificates, observations } = opened;
    const { config, clock, random, log } = options;
    const { cluster, region, zone, gateway } = config;
    this.options = options;
    this.#config = config;
    this.clock = clock;
    this.identity = identity;
    this.ingressCertificates = ingressCertificates;
    this.observations = observations;
    this.startedAt = clock.now();
    this.journal = createJournal(clock);
    this.auditTrail = new AuditTrail({ config, clock, random, log });
    const { auditTrail } = this;
    this.caller = { cluster, region, zone };
    const resolver = new NameResolver({ clock, log });
    this.#resolver = resolver;
    this.checker = new HealthChecker({ clock, random, lookup: resolver.lookup });
    this.endpointTrusts = new EndpointTrusts({
      clock,
      log,
      changed: (service) => {
        this.changes.tell('endpointTrust', service);
        this.catalog.defaultsChanged(service);
      },
    });
    this.issuerKeys = new IssuerKeys({
      path: join(config.dataDir, 'issuer-keys.json'),
      clock,
      log,
      changed: () => this.changes.tell('issuerKeys'),
    });
    this.foreignBundles = new ForeignBundles({
      ...{ config, clock, random, log },
      changed: () => this.changes.tell('foreignTrust'),
    });
    this.catalog = new Catalog({
      home: { cluster, region, zone, gateway },
      clock,
      checker: this.checker,
      resolve: (host) => resolver.resolve(host),
      defaults: (service) => this.policies.defaults({ service, client: cluster, where: cluster }),
      tls: (service) => this.endpointTrusts.tlsOf(service),
    });
    this.registrations = new RegistrationsFile({
      path: join(config.dataDir, 'registrations.json'),
      registrations: () => this.catalog.apiRegistrations(),
      clock,
      log,
    });
    const { catalog, changes, endpointTrusts } = this;
    const written = (): readonly PolicyResource[] => this.writtenPolicies.resources;
    this.governing = new Governing({
      ...{ config, written, catalog, endpointTrusts, changes },
      outsideChanged: () => this.catalog.configure(this.fixedEndpoints),
    });
    this.services = new KnownServices({
      home: { cluster, gateway },
      catalog: this.catalog,
      checker: this.checker,
      changes: this.changes,
      snapshot: () => this.snapshot,
      link: (name) => this.workers.links.state(name),
      shifts: () => this.#effects.shifts,
      policies: () => this.policies,
      dropOrphan: (service, id) => this.membership.session?.client.dropOrphan(service, id),
    });
    const readmission = new Readmission({
      checker: this.checker,
      clock,
      keyOf: ({ service, id }) => checkKey(service, id),
      elsewhere: ({ service, id }) => {
        const held = this.snapshot.services.get(service)?.endpoints.get(id);
        return held?.record.gateway === gateway ? undefined : held?.record;
      },
      passed: (endpoint) => this.workers.feed.passed(endpoint),
    });
    this.workers = new Workers({
      workers: config.workers,
      listen: listenOf(config),
      inherited: options.predecessor?.sockets,
      worker: workerOptionsOf(config),
      source: feedSourceOf(this),
      onObserved: (observed) => observations.take(observed),
      onEjected: (endpoint) => readmission.ejected(endpoint),
      clock,
      random,
      log,
    });
    this.membership = new Membership({
      ...options,
      identity,
      released: options.predecessor?.released,
      serving: this.serving.promise,
      adopted: options.adopted,
      source: {
        ownServices: () => this.catalog.services(),
        ownEndpoints: (service) => this.catalog.records(service),
        clusterEndpoints: (name) => this.services.told(name),
        exportedAs: (service) => this.services.exportedAs(service),
        exportTerms: (name) => this.services.exportTerms(name),
        gatewayRecord: () => gatewayRecordOf(this),
        clusterDraft: (joinedAt) => clusterDraft(this.config, this.addresses, joinedAt),
        changed: (delta) => this.changes.tell('snapshot', delta),
      },
      changed: () => this.changes.tell('membership'),
    });
    const { membership } = this;
    this.bundleEndpoint = new BundleEndpoint({
      ...{ config, identity, membership, clock, random, log },
    });
    const { sharing, believing, rootRotation } = trustPartsOf(this, { clock, log });
    this.believing = believing;
    this.rootRotation = rootRotation;
    this.tokenRefusals = new TokenRefusals(clock);
    const { tokenRefusals } = this;
    this.membersListener = new MembersListener({
      ...{ config, identity, membership, auditTrail, tokenRefusals, sharing, clock, log },
    });
    feedChanges(this.workers.feed, this);
    const apply = (effects: Effects) => {
      this.#effects = effects;
      this.changes.tell('effects');
    };
    this.others = new OtherGateways(this, clock, resolver.lookup);
    this.clocks = new Clocks(this, {
      ...{ clock, random, log },
      changed: () => {
        // Others take a leaf of now, and links wait no longer.
        if (this.clocks.problem === undefined) void identity.leaf.renew();
        this.changes.tell('readiness');
      },
    });
    this.drills = drillsOf(this, { apply, others: this.others, random, log });
    this.writtenPolicies = new WrittenPolicies({
      federation: config.federation,
      self: cluster,
      dataDir: config.dataDir,
      signer: identity.authority,
      changed: () => this.governing.look(),
      clock,
      random,
      log,
    });
    followRegistry(this.writtenPolicies, this);
    const { others } = this;
    this.sharedLimits = new SharedLimits({
      buckets: this.workers.buckets,
      others: () => others.list(),
      ask: (other, path) => others.ask(other, path),
      self: cluster,
      clock,
      log,
    });
    changes.join({
      policies: () => {
        this.sharedLimits.follow(this.policies);
        this.issuerKeys.follow(this.policies);
      },
    });
  }

  /** Whether it serves, and why not. */
  get readiness(): Readiness {
    return readinessOf(this.lifecycle, this.membership.obstacle ?? clockObstacle(this));
  }

  /** Where this gateway listens; the real ports where 0 was asked for. */
  get addresses(): PerListener<string> & {
    readonly federation: string;
    readonly registry?: string;
    readonly bundleEndpoint?: string;
  } {
    const registry = this.membership.hosted?.address;
    const bundleEndpoint = this.bundleEndpoint.address;
    return {
      ...this.workers.addresses,
      federation: this.membersListener.address,
      ...(registry === undefined ? {} : { registry }),
      ...(bundleEndpoint === undefined ? {} : { bundleEndpoint }),
    };
  }

  /** The configuration in force; parts that never change may be kept. */
  get config(): GatewayConfig {
    return this.#config;
  }

  /** All policies; one that did not change stays the same object. */
  get policies(): Policies {
    return this.governing.policies;
  }

  get logLevel(): LogLevel {
    return this.options.log.level as LogLevel;
  }

  /** Until the process ends: the configuration's holds again then. */
  set logLevel(level: LogLevel) {
    this.options.log.level = level;
    this.changes.tell('logLevel');
  }

  /** The effects of drills and standing orders here. */
  get effects(): Effects {
    return this.#effects;
  }

  get snapshot(): Snapshot {
    return this.membership.session?.client.snapshot ?? nothing;
  }

  /** The endpoints that nobody registers: those of the configuration, and the hosts outside that policies let requests leave for. */
  protected get fixedEndpoints(): readonly Registration[] {
    const { cluster, gateway, zone } = this.config;
    const outside = outsideHosts(this.policies, { cluster, gateway, zone });
    return [...configuredEndpoints(this.config), ...outside];
  }

  /** Another configuration is in force. */
  protected take(config: GatewayConfig): void {
    this.#config = config;
  }

  /** See `problemsOf`. */
  get problems(): readonly IsthmusError[] {
    return problemsOf(this);
  }

  /** Why names lead where they led last; undefined while DNS tells. */
  get namesProblem(): IsthmusError | undefined {
    return this.#resolver.problem;
  }

  /** See `policyProblemsOf`. */
  get policyProblems(): readonly IsthmusError[] {
    return policyProblemsOf(this);
  }

  /** Why what is registered would not outlive a restart; undefined while it would. */
  get registrationsProblem(): IsthmusError | undefined {
    return this.registrations.problem;
  }

  /** Resolves once what is registered is on disk, so that it outlives a crash from now on; or is in `problems`. */
  registrationsSaved(): Promise<void> {
    return this.registrations.flush();
  }

  /** Throws DRAINING. */
  assertServing(): void {
    if (this.lifecycle !== 'draining') return;
    throw new IsthmusError('DRAINING', {
      what: 'The gateway is draining and takes no registrations',
    });
  }
}
