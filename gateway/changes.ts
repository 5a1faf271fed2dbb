/** Owns how the parts of a gateway hear of each other: what changed in one, told to those that go by it. */
import { Listeners } from '../core/listeners.ts';
import type { ServiceName } from '../core/names.ts';
import type { SnapshotDelta } from '../registry/snapshot.ts';
import type { Gateway } from './gateway.ts';
import type { FederationSession } from './membership/federation-session.ts';
import { GatewayGenerations } from './peers/generations.ts';

/** Round trips and link states are published at most this often. */
const publishGatewayEveryMs = 1_000;

export class Changes {
  readonly #gateway: Gateway;
  readonly #watchers = new Listeners();
  readonly #generations = new GatewayGenerations();
  /** The last that the workers were told of. */
  #session: FederationSession | undefined;
  #cancelPublish: (() => void) | undefined;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Calls `changed` after endpoints, records, links or trust changed; returns a function that stops that. */
  watch(changed: () => void): () => void {
    return this.#watchers.add(changed);
  }

  /** Listens to the parts that speak for themselves. */
  listen(): void {
    const { catalog, workers, identity, ingressCertificates } = this.#gateway;
    const { feed, links } = workers;
    catalog.onChange(this.serviceChanged);
    links.onChange(() => {
      this.#publishGateway();
      this.#watchers.tell();
    });
    identity.trust.onChange((trustDomain) => feed.trustChanged(trustDomain));
    identity.leaf.onRenew(() => feed.changed('identity'));
    ingressCertificates.onChange(() => feed.changed('credentials'));
  }

  close(): void {
    this.#cancelPublish?.();
  }

  /** Endpoints of this cluster changed, or their health did. */
  readonly serviceChanged = (service: ServiceName): void => {
    const { membership, workers } = this.#gateway;
    workers.feed.serviceChanged(service);
    membership.session?.publishService(service);
    this.#watchers.tell();
  };

  snapshotChanged({ services, clusters }: SnapshotDelta): void {
    const { services: known, snapshot, workers } = this.#gateway;
    const { feed } = workers;
    for (const service of services) {
      known.look(service);
      feed.serviceChanged(service);
    }
    if (clusters.size === 0) return;
    feed.changed('clusters');
    feed.changed('remotes');
    for (const cluster of clusters) {
      const view = snapshot.clusters.get(cluster);
      if (view && this.#generations.look(view)) feed.gatewayReplaced(cluster);
    }
  }

  /** What is believed, or whether this cluster is in a federation at all, changed. */
  membershipChanged(): void {
    const { drills, membership, workers } = this.#gateway;
    const { session } = membership;
    if (session === this.#session) workers.feed.changed('remotes');
    else workers.feed.startedOver();
    this.#session = session;
    drills.follow(
      session && {
        // Drills are heard of, and ended, also while the rest is made to believe that the registry is lost.
        store: session.store.inner,
        verify: (cluster, key, raw) => session.trust.verifyFrom(cluster, key, raw),
      },
    );
    this.#watchers.tell();
  }

  /** Drills and standing orders do something else here than before. */
  effectsChanged(): void {
    const { effects, membership, workers } = this.#gateway;
    const store = membership.session?.store;
    if (effects.registryLost) store?.sever(effects.registryLost);
    else store?.restore();
    workers.feed.changed('effects');
    this.#watchers.tell();
  }

  #publishGateway(): void {
    const { clock, membership } = this.#gateway;
    this.#cancelPublish ??= clock.after(publishGatewayEveryMs, () => {
      this.#cancelPublish = undefined;
      membership.session?.publishGateway();
    });
  }
}
