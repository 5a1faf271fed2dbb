/** Owns what the workers are told of a gateway: its catalog, its snapshot and its trust, in the words of the data side. */

import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { LogLevel } from '../../../core/log-levels.ts';
import type { Policies } from '../../../policy/effective.ts';
import { gatewaysOf } from '../../../registry/gateway-addresses.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { RemoteGateways } from '../../data/link/links.ts';
import { serviceFacts } from '../../data/worker/facts.ts';
import type { KnownServices } from '../catalog/known-services.ts';
import type { EndpointTrusts } from '../certificates/endpoint-trusts.ts';
import type { IngressCertificates } from '../certificates/ingress-certificates.ts';
import { networkOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Effects } from '../drills/effects.ts';
import type { ForeignBundles } from '../foreign/foreign-bundles.ts';
import type { IssuerKeys } from '../issuers/issuer-keys.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { FeedSource } from './feed.ts';

/** The parts of a gateway that workers are told of. */
export interface FeedParts {
  readonly config: Pick<GatewayConfig, 'network' | 'region'>;
  readonly effects: Effects;
  readonly endpointTrusts: Pick<EndpointTrusts, 'all' | 'of'>;
  readonly foreignBundles: Pick<ForeignBundles, 'current'>;
  readonly identity: Pick<Identity, 'leaf' | 'trust'>;
  readonly ingressCertificates: Pick<IngressCertificates, 'current'>;
  readonly issuerKeys: Pick<IssuerKeys, 'current'>;
  readonly logLevel: LogLevel;
  readonly membership: Pick<Membership, 'believed' | 'isInformed'>;
  readonly policies: Policies;
  readonly services: Pick<KnownServices, 'names' | 'offered' | 'usable'>;
  readonly snapshot: Snapshot;
}

export function feedSourceOf(gateway: FeedParts): Omit<FeedSource, 'scouting'> {
  const { identity, ingressCertificates, services } = gateway;
  return {
    services: () => services.names(),
    facts: (service) => serviceFacts(services.offered(service), services.usable(service)),
    clusters: () => gateway.snapshot.clusters,
    remotes: () => remotesOf(gateway),
    identity: () => identity.leaf.current,
    credentials: () => ingressCertificates.current,
    trustDomains: () => identity.trust.domains(),
    bundle: (trustDomain) => identity.trust.get(trustDomain),
    foreign: () => gateway.foreignBundles.current,
    policies: () => gateway.policies,
    keys: () => gateway.issuerKeys.current,
    endpointTrusts: () => gateway.endpointTrusts.all(),
    endpointTrust: (service) => gateway.endpointTrusts.of(service),
    logLevel: () => gateway.logLevel,
    informed: () => gateway.membership.isInformed,
    effects: () => ({ shifts: gateway.effects.shifts, faults: gateway.effects.faults }),
  };
}

/** Members that are believed: a cluster that only stands in the registry is not linked to. */
function remotesOf({ config, snapshot, membership }: FeedParts): RemoteGateways[] {
  return [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    record && membership.believed.has(cluster)
      ? [
          {
            cluster,
            trustDomain: parseTrustDomain(record.trustDomain),
            gateways: gatewaysOf(record, 'eastWest', networkOf(config)),
          },
        ]
      : [],
  );
}
