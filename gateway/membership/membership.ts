/** Owns this cluster's way into, through and out of its federation: founding, joining, leaving. */
import type { Bundle } from '../../certs/bundle.ts';
import { parseTrustDomain } from '../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type ClusterName, trustDomainOf } from '../../core/names.ts';
import { within } from '../../core/within.ts';
import { type JoinOptions, join, previewJoin, resumeJoin } from '../../federation/join.ts';
import { evict, leave } from '../../federation/leave.ts';
import { isJoined, type Joined, standalone } from '../../federation/member.ts';
import { FederationTrust } from '../../federation/trust.ts';
import type { CreatedToken, JoinResult } from '../admin/answers.ts';
import type { GatewayConfig } from '../config/config.ts';
import { FederationSession, type SessionWorld } from './federation-session.ts';
import { foundFederation, isFounder } from './founding.ts';
import { hostRegistry } from './host-registry.ts';
import type { HostedRegistry } from './hosted-registry.ts';
import type { Identity } from './identity.ts';
import { forgetKnowledge } from './kept-knowledge.ts';
import { evictCluster, inviteCluster } from './other-clusters.ts';

export interface MembershipOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly world: SessionWorld;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Resolves when this process is the gateway; undefined where it takes nobody's place. */
  readonly released?: Promise<void> | undefined;
  /** More, or less, is believed than before, or this cluster entered or left a federation. */
  changed(): void;
}

const retryMs = 2_000;
/** For how long a join waits for the federation's records to be here and on the disk; it has happened all the same. */
const keepPatienceMs = 2_000;

export class Membership {
  readonly #options: MembershipOptions;
  #trust: FederationTrust | undefined;
  #session: FederationSession | undefined;
  #hosted: HostedRegistry | undefined;
  #problem: IsthmusError | undefined;
  readonly #unsubscribe: (() => void)[] = [];
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** Present while this cluster is in a federation. */
  get session(): FederationSession | undefined {
    return this.#session;
  }

  /** What keeps this cluster from its federation, and every registry record that was refused. */
  get problems(): readonly IsthmusError[] {
    return [...(this.#problem ? [this.#problem] : []), ...(this.#session?.problems ?? [])];
  }

  /** Clusters whose bundle is believed, this one not among them. */
  get believed(): ReadonlySet<ClusterName> {
    return this.#trust?.clusters ?? new Set();
  }

  /** The bundle another cluster is believed to have. */
  bundleOf(cluster: ClusterName): Bundle | undefined {
    return this.#trust?.beliefs.bundles.get(cluster)?.bundle;
  }

  /** Whether this cluster is in a federation, or was when it was last heard of. */
  get isMember(): boolean {
    return isJoined(this.#options.identity.membership.state);
  }

  /** The embedded registry, where this gateway hosts it. */
  get hosted(): HostedRegistry | undefined {
    return this.#hosted;
  }

  /**
   * Takes up where the membership file says this cluster is; founds the federation where the configuration
   * says so. What needs a registry or a peer that can't be reached is tried again in the background.
   */
  async start(): Promise<void> {
    const { identity, config } = this.#options;
    const { state } = identity.membership;
    if (isJoined(state)) await this.#enter(state);
    else if (state.kind === 'joining')
      await this.#retry('a join was under way', () => resumeJoin(this.#joinOptions()));
    else if (isFounder(config)) await this.#found();
  }

  /** Throws NOT_A_MEMBER, BODY_INVALID, or REGISTRY_DENIED where only the registry's host admits clusters. */
  async createToken(ttlMs: number | undefined): Promise<CreatedToken> {
    return inviteCluster(this.#options, this.#member(), ttlMs);
  }

  /** Joins with a token, or with `dryRun` says what that would change. Throws what the token's cluster refuses it with. */
  join(token: string, dryRun: boolean): Promise<JoinResult> {
    return this.#exclusively(() => this.#join(token, dryRun));
  }

  async #join(token: string, dryRun: boolean): Promise<JoinResult> {
    const { identity, config } = this.#options;
    if (isJoined(identity.membership.state)) {
      throw new IsthmusError('ALREADY_MEMBER', {
        what: `${config.cluster} is a member of ${identity.membership.state.federation}`,
      });
    }
    const { clusters, federation, via, fingerprint } = await previewJoin(
      token,
      this.#joinOptions(),
    );
    if (!dryRun) {
      await forgetKnowledge(config.dataDir);
      await this.#enter(await join(token, this.#joinOptions()));
      // Whoever is told that it has joined may crash, and start again without a registry.
      const { clock } = this.#options;
      await within(clock, keepPatienceMs, this.#member().client.kept());
    }
    return { federation, via, fingerprint, adds: { clusters }, joined: !dryRun };
  }

  /** This cluster leaves; or, when another is named, that one is evicted. Throws NOT_A_MEMBER, LEAVE_REFUSED or what the registry says. */
  leave(cluster: ClusterName | undefined, force: boolean): Promise<ClusterName> {
    return this.#exclusively(() => this.#leave(cluster, force));
  }

  async #leave(cluster: ClusterName | undefined, force: boolean): Promise<ClusterName> {
    const { config, identity, clock } = this.#options;
    if (cluster !== undefined && cluster !== config.cluster) {
      await evictCluster(this.#options, this.#member(), cluster, force);
      return cluster;
    }
    // A join that was never settled is given up.
    if (!this.#session && identity.membership.state.kind === 'joining') {
      await this.#exit();
      return config.cluster;
    }
    const session = this.#member();
    if (this.#hosted && session.client.snapshot.clusters.size > 1 && !force) {
      throw new IsthmusError('LEAVE_REFUSED', {
        what: 'This gateway hosts the registry that the other clusters use',
        fix: 'Have the others leave first, or leave with force.',
      });
    }
    try {
      const { federation, cluster: self } = config;
      await leave({ store: session.store, federation, cluster: self, by: self, clock });
    } catch (thrown) {
      // With force, a registry that can't be told is left to the other members to clean up.
      if (!force) throw thrown;
      this.#options.log.warn({ err: thrown }, 'left without telling the registry');
    }
    await session.close({ withdraw: true });
    await this.#exit();
    return config.cluster;
  }

  /** Removes another cluster from the registry on behalf of `by`, which asked this gateway. */
  async evict(cluster: ClusterName, by: ClusterName, force: boolean): Promise<void> {
    const { store, client } = this.#member();
    const { config, clock } = this.#options;
    const known = client.snapshot.clusters.has(cluster);
    await evict({ store, federation: config.federation, cluster, by, force, known, clock });
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    for (const stop of this.#unsubscribe.splice(0)) stop();
    await this.#session?.close(options);
    await this.#hosted?.close();
  }

  async #enter(joined: Joined): Promise<void> {
    const { identity, log } = this.#options;
    const trust = this.#believe();
    this.#hosted ??= await this.#host();
    const refresh = () => void this.#hosted?.refresh();
    this.#unsubscribe.push(
      identity.leaf.onRenew(refresh),
      trust.onChange(() => {
        refresh();
        this.#options.changed();
      }),
    );
    this.#session = await FederationSession.open({
      ...this.#options,
      joined,
      trust,
      hosted: this.#hosted?.address,
    });
    log.info({ federation: joined.federation, as: joined.kind }, 'in the federation');
    this.#options.changed();
  }

  /** Begins to believe what the membership file pins. */
  #believe(): FederationTrust {
    const { config, identity, log } = this.#options;
    this.#trust = new FederationTrust({
      federation: config.federation,
      cluster: config.cluster,
      ownBundle: () => identity.authority.bundle(),
      file: identity.membership,
      trustStore: identity.trust,
      log,
    });
    return this.#trust;
  }

  /** Hosts the registry where the configuration says so, and founds the federation as soon as it can be reached. */
  async #found(): Promise<void> {
    const { config, identity, clock, log, world } = this.#options;
    // What nobody could dial is a mistake to tell at once, not to try again.
    const self = world.clusterDraft(clock.now());
    await forgetKnowledge(config.dataDir);
    this.#believe();
    this.#hosted = await this.#host();
    const hosted = this.#hosted?.address;
    await this.#retry('founding the federation', () =>
      foundFederation({ config, identity, self, hosted, clock, log }),
    );
  }

  /** Tries until the result is there and enters with it, or until it is refused for good; the first try is waited for. */
  async #retry(what: string, attempt: () => Promise<Joined | undefined>): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const joined = await attempt();
      if (joined) await this.#enter(joined);
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      const again = error.kind === 'failed' || error.kind === 'timed-out';
      this.#problem = error;
      log.error({ err: error, again }, `${what}: it failed`);
      if (again)
        this.#unsubscribe.push(
          clock.after(retryMs, () => void this.#exclusively(() => this.#retry(what, attempt))),
        );
      return;
    }
    this.#problem = undefined;
  }

  async #exit(): Promise<void> {
    const { identity } = this.#options;
    for (const stop of this.#unsubscribe.splice(0)) stop();
    await this.#hosted?.close();
    for (const cluster of this.#trust?.clusters ?? []) {
      identity.trust.remove(
        parseTrustDomain(trustDomainOf(cluster, this.#options.config.federation)),
      );
    }
    this.#session = undefined;
    this.#trust = undefined;
    this.#hosted = undefined;
    await identity.membership.set(standalone);
    this.#options.changed();
  }

  #host(): Promise<HostedRegistry | undefined> {
    return hostRegistry({
      ...this.#options,
      believed: () => [...(this.#trust?.beliefs.bundles.values() ?? [])],
    });
  }

  /** Entering and leaving happen one after the other, whoever asks for them. */
  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(run);
    this.#changing = done.catch(() => undefined); // Who asked has the failure.
    return done;
  }

  #member(): FederationSession {
    if (this.#session) return this.#session;
    throw new IsthmusError('NOT_A_MEMBER', {
      what: `${this.#options.config.cluster} is in no federation`,
    });
  }

  #joinOptions(): JoinOptions {
    const { identity, clock, random, log, world } = this.#options;
    return {
      authority: identity.authority,
      self: world.clusterDraft(clock.now()),
      file: identity.membership,
      clock,
      random,
      log,
    };
  }
}
