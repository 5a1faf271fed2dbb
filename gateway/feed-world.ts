/** Owns what the workers are told of a gateway: its catalog, its snapshot and its trust, in the words of the data side. */
import { parseTrustDomain } from '../certs/spiffe-id.ts';
import { settingsOf } from './config/data-side-settings.ts';
import type { Gateway } from './gateway.ts';
import type { RemoteGateways } from './link/pool.ts';
import { serviceFacts } from './workers/facts.ts';
import type { FeedWorld } from './workers/feed.ts';

export function feedWorldOf(gateway: Gateway): FeedWorld {
  const { config, identity, ingressCertificates, services } = gateway;
  const settings = settingsOf(config);
  return {
    services: () => services.names(),
    facts: (service) =>
      serviceFacts(services.endpoints(service), services.published(service).exports),
    clusters: () => gateway.snapshot.clusters,
    remotes: () => remotesOf(gateway),
    identity: () => identity.leaf.current,
    credentials: () => ingressCertificates.current,
    trustDomains: () => identity.trust.domains(),
    bundle: (trustDomain) => identity.trust.get(trustDomain),
    settings: () => ({ ...settings, logLevel: gateway.logLevel }),
    effects: () => ({ shifts: gateway.effects.shifts, faults: gateway.effects.faults }),
  };
}

/** Members that are believed: whoever only stands in the registry is not linked to. */
function remotesOf({ snapshot, membership }: Gateway): RemoteGateways[] {
  return [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    record && membership.believed.has(cluster)
      ? [
          {
            cluster,
            trustDomain: parseTrustDomain(record.trustDomain),
            addresses: record.eastWest,
          },
        ]
      : [],
  );
}
