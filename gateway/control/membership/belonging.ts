/**
 * Owns the parts that a gateway has while its cluster is in a federation, which begin and end with that: whom it believes, the registry
 * it hosts, its session. While its cluster is in none, the watch for a gateway that has taken its place.
 */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { trustDomainOf } from '../../../core/names.ts';
import type { Joined } from '../../../federation/member.ts';
import { FederationTrust } from '../../../federation/trust.ts';
import type { GatewayConfig } from '../config/config.ts';
import { Displacement } from './displacement.ts';
import { FederationSession } from './federation-session.ts';
import { hostRegistry } from './host-registry.ts';
import type { HostedRegistry } from './hosted-registry.ts';
import type { Identity } from './identity.ts';
import type { RunningCopies } from './own-place.ts';
import { openRegistryStore } from './registry-store.ts';
import type { SessionSource } from './session-source.ts';

export interface BelongingOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly source: SessionSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Resolves when this process is the gateway; undefined where it takes nobody's place. */
  readonly released?: Promise<void> | undefined;
  /** Resolves when requests are taken here, and nobody else is this gateway: nothing is said in its name before. */
  readonly serving: Promise<void>;
  /** More, or less, is believed than before, or this cluster entered or left a federation. */
  changed(): void;
  /** The session is spent: `startOver` is to be called, in its turn. */
  startOver(): void;
}

export class Belonging {
  readonly #options: BelongingOptions;
  #trust: FederationTrust | undefined;
  #session: FederationSession | undefined;
  #hosted: HostedRegistry | undefined;
  #displacement: Displacement | undefined;
  readonly #copies: RunningCopies = new Map();
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: BelongingOptions) {
    this.#options = options;
  }

  get trust(): FederationTrust | undefined {
    return this.#trust;
  }

  get session(): FederationSession | undefined {
    return this.#session;
  }

  get hosted(): HostedRegistry | undefined {
    return this.#hosted;
  }

  get displacement(): Displacement | undefined {
    return this.#displacement;
  }

  /** Begins with what a federation needs that is yet to be founded; returns where the registry listens that is hosted here, if one is. */
  async prepare(): Promise<string | undefined> {
    this.#believe();
    this.#hosted = await this.#host();
    return this.#hosted?.address;
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    for (const stop of this.#unsubscribe.splice(0)) stop();
    await this.#displacement?.close();
    if (options.withdraw) await this.#session?.presence.sayEnding();
    await this.#session?.close(options);
    await this.#hosted?.close();
  }

  /** Enters the federation that this cluster is a member of. */
  async enter(joined: Joined): Promise<void> {
    const { identity, log } = this.#options;
    await this.#displacement?.close();
    this.#displacement = undefined;
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
    await this.#openSession(joined, trust);
    log.info({ federation: joined.federation, as: joined.kind }, 'in the federation');
    this.#options.changed();
  }

  async #openSession(joined: Joined, trust: FederationTrust): Promise<void> {
    this.#session = await FederationSession.open({
      ...this.#options,
      joined,
      trust,
      hosted: this.#hosted?.address,
      copies: this.#copies,
      informed: this.#options.changed,
    });
  }

  /** With another session, in the same federation: another gateway of this cluster had it admitted again, or this one's place is another's. */
  async startOver(): Promise<void> {
    const session = this.#session;
    if (!session?.presence.isSpent || !this.#trust) return;
    await session.close({ withdraw: true });
    await this.#openSession(session.joined, this.#trust);
    this.#options.log.info('in the federation anew');
    this.#options.changed();
  }

  /** Begins to believe what the membership file pins. */
  #believe(): FederationTrust {
    const { config, identity, clock, log } = this.#options;
    this.#trust = new FederationTrust({
      federation: config.federation,
      cluster: config.cluster,
      ownBundle: () => identity.authority.bundle(),
      file: identity.membershipFile,
      sealer: identity.authority,
      trustStore: identity.trust,
      clock,
      log,
    });
    return this.#trust;
  }

  /** Ends the parts, and believes no other cluster any more. */
  async exit(options: { readonly withdraw: boolean }): Promise<void> {
    const { identity } = this.#options;
    for (const stop of this.#unsubscribe.splice(0)) stop();
    await this.#session?.close(options);
    await this.#hosted?.close();
    for (const cluster of this.#trust?.clusters ?? []) {
      identity.trust.remove(
        parseTrustDomain(trustDomainOf(cluster, this.#options.config.federation)),
      );
    }
    this.#session = undefined;
    this.#trust = undefined;
    this.#hosted = undefined;
  }

  /** Where an etcd is configured, its records tell a cluster's membership also to a gateway that lost its membership file. */
  async watchForDisplacement(): Promise<void> {
    const { config, identity, clock, log, changed } = this.#options;
    const etcd = config.registry?.etcd;
    if (!etcd) return;
    const access = { kind: 'etcd', endpoints: etcd.endpoints } as const;
    const options = { config, identity, access, hosted: undefined, clock, log };
    const open = async () => (await openRegistryStore({ ...options, hostRoots: () => '' })).store;
    this.#displacement = new Displacement({ config, open, clock, changed });
    await this.#displacement.start();
  }

  #host(): Promise<HostedRegistry | undefined> {
    return hostRegistry({
      ...this.#options,
      believed: () => [...(this.#trust?.beliefs.bundles.values() ?? [])],
      charter: () => this.#trust?.charter,
      // A gateway that takes another's place asks before it has the registry itself, and is refused.
      started: () => this.#session?.registry.hurry(),
    });
  }
}
