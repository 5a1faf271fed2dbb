/** Owns one running gateway: the order in which its parts start, take up another configuration, and end. */

import { within } from '../core/within.ts';
import { IngressCertificates } from './control/certificates/ingress-certificates.ts';
import type { GatewayConfig } from './control/config/config.ts';
import { listenOf, workerOptionsOf } from './control/config/data-side-settings.ts';
import { openIdentity } from './control/membership/identity.ts';
import { publishChanges } from './control/membership/publishing.ts';
import { everythingKnown } from './control/readiness/knowing.ts';
import { Observations } from './control/telemetry/observations.ts';
import { type GatewayOptions, GatewayParts } from './gateway-parts.ts';

/** How long connections that rest are left to their clients, and links to the gateways that are making new ones. */
const retireGraceMs = 5_000;
/** How long a successor, whose predecessor serves meanwhile, waits for a snapshot; and how long any other gateway does. */
const successorPatienceMs = 5_000;
const patienceMs = 1_000;

export class Gateway extends GatewayParts {
  #stopPublishing = (): void => {};

  /** Starts everything. Throws what keeps it from serving; a registry or a cluster that is down does not. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { config, clock, random, log } = options;
    const { ingress, baseDir } = config;
    const ingressCertificates = await IngressCertificates.open({ ingress, baseDir, clock, log });
    const identity = await openIdentity(config, clock, random, log);
    const observations = await Observations.open(config, log);
    const gateway = new Gateway(options, { identity, ingressCertificates, observations });
    try {
      await gateway.#start();
      return gateway;
    } catch (thrown) {
      await gateway.kill();
      throw thrown;
    }
  }

  /**
   * Takes up a configuration as a whole: services, balancing, limits, and the listeners for clients from outside. What else is in it is
   * as before. Throws PORT_IN_USE, FILE_UNREADABLE, CERT_INVALID or KEY_UNREADABLE; then nothing has changed.
   */
  async reconfigure(loaded: GatewayConfig): Promise<void> {
    const { config, ingressCertificates, workers } = this;
    const { clock, log } = this.options;
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
    this.take(next);
    ingressCertificates.become(certificates);
    if (next.log.level !== config.log.level) this.logLevel = next.log.level;
    // Endpoints that come find what their service says of them.
    this.governing.configure(next);
    this.foreignBundles.follow(next.trust.foreign);
    this.catalog.configure(this.fixedEndpoints);
    await prepared.commit();
    this.membership.session?.presence.publishGateway();
    // Other certificates may have been read between preparing and now.
    this.changes.tell('credentials');
  }

  /** Stops taking requests, says goodbye to the registry, finishes what is in flight, and ends everything. */
  async drain(limitMs: number): Promise<void> {
    this.lifecycle = 'draining';
    await this.drills.close({ withdraw: true });
    await this.writtenPolicies.close();
    // First out of the others' sight, so that nothing new is sent here.
    await this.membership.close({ withdraw: true });
    await this.workers.drain(limitMs, 0);
    await this.#end();
  }

  /** Lets go of everything that can be one process's only, without a goodbye: its successor is there already. */
  async release(): Promise<void> {
    this.lifecycle = 'draining';
    await this.drills.close({ withdraw: false });
    await this.writtenPolicies.close();
    this.catalog.close();
    await this.registrations.close();
    await this.workers.stop();
    await this.membership.close({ withdraw: false });
    await this.membersListener.close();
    await this.bundleEndpoint.close();
  }

  /** After `release`: lets clients and gateways go over to the successor, finishes what is in flight, and ends. */
  async retire(limitMs: number): Promise<void> {
    await this.workers.drain(limitMs, retireGraceMs);
    await this.#end();
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    this.lifecycle = 'draining';
    await this.drills.close({ withdraw: false });
    await this.writtenPolicies.close();
    await this.membership.close({ withdraw: false });
    await this.workers.close();
    await this.#end();
  }

  async #start(): Promise<void> {
    const { predecessor } = this.options;
    this.catalog.configure(this.fixedEndpoints);
    this.catalog.restore(await this.registrations.load());
    this.catalog.onRegistered((change) => this.registrations.changed(change));
    this.#speak();
    this.#stopPublishing = publishChanges(this);
    const wasMember = this.membership.isMember;
    if (!predecessor) await this.#listenForOthers();
    await this.#serve(wasMember, predecessor ? successorPatienceMs : patienceMs);
    if (predecessor) await this.#succeed(predecessor);
    this.serving.resolve();
    if (!wasMember) await this.membership.start();
    this.lifecycle = 'serving';
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
      await this.issuerKeys.recall();
      await this.foreignBundles.start();
      if (isMember) await membership.start();
      await writtenPolicies.recalled();
      const { session } = membership;
      const synced = session && Promise.all([session.client.synced(), writtenPolicies.listed()]);
      await everythingKnown({ synced, catalog, workers, patienceMs, clock });
      await Promise.all([this.endpointTrusts.settled(), this.issuerKeys.settled(patienceMs)]);
      const clockLookedAt = this.clocks.start();
      const isLinked = [...membership.believed].some(
        (to) => workers.links.state(to).state === 'up',
      );
      // Why it reaches nobody has to be known before it says that it serves.
      if (!isLinked) await within(clock, patienceMs, clockLookedAt);
    });
  }

  /** Takes all else only once its predecessor has let go of it. */
  async #succeed({ ready, released }: NonNullable<GatewayOptions['predecessor']>): Promise<void> {
    await ready();
    await released;
    // What was registered with the other process meanwhile.
    this.catalog.restore(await this.registrations.load());
    await this.#listenForOthers();
  }

  /** Opens the control side's ports: for the federation's gateways, and for those outside that take its bundles. */
  async #listenForOthers(): Promise<void> {
    await this.membersListener.start();
    await this.bundleEndpoint.start();
  }

  async #end(): Promise<void> {
    this.rootRotation.close();
    this.believing.close();
    this.sharedLimits.close();
    this.others.close();
    this.clocks.close();
    await this.membersListener.close();
    await this.bundleEndpoint.close();
    this.#stopPublishing();
    this.catalog.close();
    this.checker.close();
    this.identity.leaf.stop();
    this.ingressCertificates.stop();
    this.endpointTrusts.close();
    await this.issuerKeys.close();
    await this.foreignBundles.close();
    await this.registrations.close();
    await this.observations.close(this.clock);
  }
}
