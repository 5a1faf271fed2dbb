/** Owns this cluster's way into, through and out of its federation: founding, joining, leaving. */
import type { Bundle } from '../../../certs/bundle.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import { within } from '../../../core/within.ts';
import { Adoption } from '../../../federation/adoption.ts';
import { type JoinOptions, join, resumeJoin } from '../../../federation/join.ts';
import { previewJoin } from '../../../federation/join-preview.ts';
import { isJoined, type Joined, standalone } from '../../../federation/member.ts';
import { refuseBy } from '../../../federation/preflight.ts';
import { decodeToken, type JoinToken, revokeToken } from '../../../federation/token.ts';
import type { Obstacle } from '../readiness/readiness.ts';
import { becomeGateway } from './becoming.ts';
import { Belonging, type BelongingOptions } from './belonging.ts';
import type { FederationSession } from './federation-session.ts';
import { foundFederation, isFounder } from './founding.ts';
import type { HostedRegistry } from './hosted-registry.ts';
import { authorityDir } from './identity.ts';
import { forgetKnowledge } from './kept-knowledge.ts';
import { leaveFederation } from './leaving.ts';
import { moveToConfigured } from './moved-registry.ts';
import { obstacleOf } from './obstacle.ts';
import { evictCluster, evictFor, inviteCluster, inviteGateway } from './other-clusters.ts';
import type { Invitation, JoinOutcome, TokenAsked } from './outcomes.ts';
import { tryRegistry } from './registry-trial.ts';

interface MembershipOptions extends Omit<BelongingOptions, 'startOver'> {
  /** This gateway is of its cluster from the next start on. */
  adopted(): void;
}

const retryMs = 2_000;
/** For how long a join waits for the federation's records to be here and on the disk; it has happened all the same. */
const keepPatienceMs = 2_000;

export class Membership {
  /** Admits other gateways of this cluster. */
  readonly adoption: Adoption;
  readonly #options: MembershipOptions;
  #isAdopted = false;
  #hasLooked = false;
  readonly #belonging: Belonging;
  #problem: IsthmusError | undefined;
  #cancelRetry = (): void => {};
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { config, identity, clock, log } = options;
    const { federation, cluster, gateway } = config;
    this.adoption = new Adoption({
      ...{ federation, cluster, gateway, clock, log },
      authorityDir: authorityDir(config.dataDir),
      fingerprint: () => identity.authority.keyId,
      file: identity.membershipFile,
    });
    this.#belonging = new Belonging({
      ...options,
      startOver: () => void this.#exclusively(() => this.#belonging.startOver()),
    });
  }

  /** Present while this cluster is in a federation. */
  get session(): FederationSession | undefined {
    return this.#belonging.session;
  }

  /** Problems that keep this cluster from its federation, and one for every registry record that was refused. */
  get problems(): readonly IsthmusError[] {
    return [
      ...(this.#problem ? [this.#problem] : []),
      ...(this.#belonging.session?.problems ?? []),
    ];
  }

  /** Clusters whose bundle is believed, this one not among them. */
  get believed(): ReadonlySet<ClusterName> {
    return this.#belonging.trust?.clusters ?? new Set();
  }

  /** The bundle another cluster is believed to have. */
  bundleOf(cluster: ClusterName): Bundle | undefined {
    return this.#belonging.trust?.beliefs.bundles.get(cluster)?.bundle;
  }

  /** The obstacle that keeps this gateway from being ready. */
  get obstacle(): Obstacle | undefined {
    const { identity, config } = this.#options;
    return obstacleOf({
      config,
      membership: identity.membershipFile.state,
      isAdopted: this.#isAdopted,
      hasLooked: this.#hasLooked,
      session: this.#belonging.session,
      displacement: this.#belonging.displacement,
      problem: this.#problem,
    });
  }

  /** Whether a service that is not known here is none: nothing keeps this gateway from knowing. */
  get isInformed(): boolean {
    return this.obstacle === undefined;
  }

  /** Whether this cluster is in a federation, or was when it was last heard of. */
  get isMember(): boolean {
    return isJoined(this.#options.identity.membershipFile.state);
  }

  /** The embedded registry, where this gateway hosts it. */
  get hosted(): HostedRegistry | undefined {
    return this.#belonging.hosted;
  }

  /**
   * Takes up where the membership file says this cluster is; founds the federation where the configuration
   * says so. What needs a registry or a cluster that can't be reached is tried again in the background.
   */
  async start(): Promise<void> {
    await this.#takeUp().finally(() => {
      this.#hasLooked = true;
    });
  }

  async #takeUp(): Promise<void> {
    const { identity, config, log } = this.#options;
    const { membershipFile } = identity;
    const { state } = membershipFile;
    if (isJoined(state))
      await this.#belonging.enter(await moveToConfigured(state, membershipFile, config, log));
    else if (state.kind === 'joining')
      await this.#retry('a join was under way', () => resumeJoin(this.#joinOptions()));
    else if (isFounder(config)) await this.#found();
    else await this.#belonging.watchForDisplacement();
  }

  /** Throws NOT_A_MEMBER, BODY_INVALID, CLUSTER_NOT_FOUND, LEAVE_REFUSED, or REGISTRY_DENIED where only the registry's host admits clusters. */
  async createToken({ ttlMs, admits, replaces }: TokenAsked): Promise<Invitation> {
    if (admits === 'gateway') return inviteGateway(this.#options, this.adoption, ttlMs);
    return inviteCluster(this.#options, this.#member(), { ttlMs, replaces });
  }

  /** Has a token admit nobody from now on. Throws NOT_A_MEMBER, or TOKEN_NOT_FOUND for one that this cluster did not make. */
  async revokeToken(id: string): Promise<void> {
    if (this.adoption.revoke(id)) return;
    const { federation, cluster } = this.#options.config;
    await revokeToken({ store: this.#member().store, federation, cluster }, id);
  }

  /** Joins with a token, or with `dryRun` says what that would change. Throws what the token's cluster refuses it with. */
  join(token: string, dryRun: boolean): Promise<JoinOutcome> {
    return this.#exclusively(() => this.#join(token, dryRun));
  }

  async #join(token: string, dryRun: boolean): Promise<JoinOutcome> {
    const { identity, config } = this.#options;
    const isOver = this.#belonging.session?.isOut === true;
    if (isJoined(identity.membershipFile.state) && !isOver) {
      throw new IsthmusError('ALREADY_MEMBER', {
        what: `${config.cluster} is a member of ${identity.membershipFile.state.federation}`,
      });
    }
    const decoded = decodeToken(token);
    if (decoded.admits === 'gateway') return this.#becomeGateway(decoded, dryRun);
    const { clock, log } = this.#options;
    const {
      clusters,
      registry: _,
      ...preview
    } = await previewJoin(token, {
      ...this.#joinOptions(),
      isOver,
      tryRegistry: (access, rootsOf) =>
        tryRegistry({ config, identity, access, rootsOf, clock, log }),
    });
    if (!dryRun) {
      refuseBy(preview.lines);
      if (isOver) await this.#exit();
      await forgetKnowledge(config.dataDir);
      await this.#belonging.enter(await join(token, this.#joinOptions()));
      // Whoever is told that it has joined may crash, and start again without a registry.
      await within(clock, keepPatienceMs, this.#member().client.kept());
    }
    return { ...preview, adds: { clusters }, joined: !dryRun };
  }

  /** Another process, which begins with what is on disk then, takes this one's place. */
  async #becomeGateway(token: JoinToken, dryRun: boolean): Promise<JoinOutcome> {
    const result = await becomeGateway(this.#options, token, dryRun);
    if (result.joined) {
      this.#isAdopted = true;
      this.#options.adopted();
    }
    return result;
  }

  /** This cluster leaves, with its other living `gateways`, which must all be named; or, when another is named, that one is evicted. Throws NOT_A_MEMBER, LEAVE_REFUSED or what the registry says. */
  leave(
    cluster: ClusterName | undefined,
    force: boolean,
    gateways: readonly string[],
  ): Promise<ClusterName> {
    return this.#exclusively(() => this.#leave(cluster, force, gateways));
  }

  async #leave(
    cluster: ClusterName | undefined,
    force: boolean,
    gateways: readonly string[],
  ): Promise<ClusterName> {
    const { config, identity } = this.#options;
    if (cluster !== undefined && cluster !== config.cluster) {
      await evictCluster(this.#options, this.#member(), cluster, force);
      return cluster;
    }
    // A join that was never settled is given up; and of a membership that is over nothing is left to be said.
    const isUnsettled =
      !this.#belonging.session && identity.membershipFile.state.kind === 'joining';
    if (isUnsettled || this.#belonging.session?.isOut) {
      await this.#exit();
      return config.cluster;
    }
    const isHost = this.hosted !== undefined;
    await leaveFederation(this.#options, this.#member(), { gateways, force, isHost });
    await this.#exit({ withdraw: true });
    return config.cluster;
  }

  /** Removes another cluster from the registry on behalf of `by`, which asked this gateway. */
  async evict(cluster: ClusterName, by: ClusterName, force: boolean): Promise<void> {
    await evictFor(this.#options, this.#member(), cluster, by, force);
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#cancelRetry();
    await this.#belonging.close(options);
  }

  /** Hosts the registry where the configuration says so, and founds the federation as soon as it can be reached. */
  async #found(): Promise<void> {
    const { config, identity, clock, log, source } = this.#options;
    // What nobody could dial is a mistake to tell at once, not to try again.
    const self = source.clusterDraft(clock.now());
    await forgetKnowledge(config.dataDir);
    const hosted = await this.#belonging.prepare();
    await this.#retry('founding the federation', () =>
      foundFederation({ config, identity, self, hosted, clock, log }),
    );
  }

  /** Tries until the result is there and enters with it, or until it is refused for good; the first try is waited for. */
  async #retry(what: string, attempt: () => Promise<Joined | undefined>): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const joined = await attempt();
      if (joined) await this.#belonging.enter(joined);
    } catch (thrown) {
      const error = asIsthmusError(thrown);
      const again = error.kind === 'failed' || error.kind === 'timed-out';
      this.#problem = error;
      log.error({ err: error, again }, `${what}: it failed`);
      if (again) {
        this.#cancelRetry = clock.after(
          retryMs,
          () => void this.#exclusively(() => this.#retry(what, attempt)),
        );
      }
      return;
    }
    this.#problem = undefined;
  }

  async #exit(options = { withdraw: false }): Promise<void> {
    this.#cancelRetry();
    await this.#belonging.exit(options);
    await this.#options.identity.membershipFile.set(standalone);
    await this.#belonging.watchForDisplacement();
    this.#options.changed();
  }

  /** Entering and leaving happen one after the other, whoever asks for them. */
  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(run);
    this.#changing = done.catch(() => undefined); // Who asked has the failure.
    return done;
  }

  #member(): FederationSession {
    const { cluster } = this.#options.config;
    if (this.#belonging.session?.isOut) {
      throw new IsthmusError('NOT_A_MEMBER', {
        what: `${cluster} is a member of its federation no more, and has no say in it`,
        fix: 'See why: `isthmus status`. To come back: `isthmus join` with a new token.',
      });
    }
    if (this.#belonging.session) return this.#belonging.session;
    throw new IsthmusError('NOT_A_MEMBER', { what: `${cluster} is in no federation` });
  }

  #joinOptions(): JoinOptions {
    const { identity, clock, random, log, source } = this.#options;
    return {
      authority: identity.authority,
      self: source.clusterDraft(clock.now()),
      file: identity.membershipFile,
      clock,
      random,
      log,
    };
  }
}
