/** Owns which changes the workers are told of. */
import type { Changes } from '../changes.ts';
import type { Membership } from '../membership/membership.ts';
import { GatewayGenerations } from '../others/generations.ts';
import { SigningRoots } from '../others/signing-roots.ts';
import type { Feed } from './feed.ts';
import type { FeedParts } from './feed-source.ts';

interface FeedChangesParts extends Pick<FeedParts, 'snapshot'> {
  readonly changes: Pick<Changes, 'join'>;
  readonly membership: Pick<Membership, 'session'>;
}

/** Tells the feed of changes from now on. */
export function feedChanges(feed: Feed, gateway: FeedChangesParts): void {
  const generations = new GatewayGenerations();
  const signers = new SigningRoots();
  let { session } = gateway.membership;
  gateway.changes.join({
    endpoints: (service) => feed.serviceChanged(service),
    snapshot({ services, clusters }) {
      for (const service of services) feed.publishedChanged(service);
      if (clusters.size === 0) return;
      feed.changed('clusters');
      feed.changed('remotes');
      for (const cluster of clusters) {
        const view = gateway.snapshot.clusters.get(cluster);
        if (view === undefined) continue;
        const isReplaced = generations.look(view);
        if (signers.look(view) || isReplaced) feed.gatewayReplaced(cluster);
      }
    },
    membership() {
      const before = session;
      session = gateway.membership.session;
      if (session === before) feed.changed('remotes');
      else feed.startedOver();
      feed.changed('informed');
    },
    trust: (trustDomain) => feed.trustChanged(trustDomain),
    identity: () => feed.changed('identity'),
    credentials: () => feed.changed('credentials'),
    foreignTrust: () => feed.changed('foreign'),
    issuerKeys: () => feed.changed('keys'),
    policies: () => feed.changed('policies'),
    endpointTrust: (service) => feed.endpointTrustChanged(service),
    logLevel: () => feed.changed('logLevel'),
    effects: () => feed.changed('effects'),
    readiness: () => feed.changed('informed'),
  });
}
