/** Owns what is known here of services and listeners as the gateways of a cluster have them, for steps that are asked about requests. */
import type { ClusterName, ServiceName } from '../../../../core/names.ts';
import type { Policies } from '../../../../policy/effective.ts';
import type { Caller } from '../../../data/balance/types.ts';
import type { ExplainedPlace } from '../../../data/explain/ground.ts';
import type { KnownIngress } from '../../../data/explain/ingress.ts';
import { defaultLimits } from '../../../data/request/limit.ts';
import { serviceFacts } from '../../../data/worker/facts.ts';
import { limitsOf } from '../../config/data-side-settings.ts';
import { edgeSpecOf } from '../../config/edge-spec.ts';
import type { ExplainedParts } from './explanation.ts';
import { offersOf } from './items.ts';

/** The gateways of a cluster, by these policies. */
export function placeAt(
  gateway: ExplainedParts,
  where: Caller,
  policies: Policies,
): ExplainedPlace {
  const { config, issuerKeys } = gateway;
  const isHere = where.cluster === config.cluster;
  return {
    federation: config.federation,
    limits: isHere ? limitsOf(config) : defaultLimits,
    keys: issuerKeys.current,
    ...{ policies, where },
    ...factsAt(gateway, where.cluster),
  };
}

function factsAt(gateway: ExplainedParts, cluster: ClusterName) {
  const { config, services, snapshot } = gateway;
  const { clusters } = snapshot;
  if (cluster === config.cluster) {
    const facts = (name: ServiceName) =>
      serviceFacts(services.offered(name), services.usable(name));
    return { clusters, facts };
  }
  return {
    clusters,
    facts: (name: ServiceName) => knownOf(gateway, name),
    exporting: (name: ServiceName) =>
      offersOf(services.published(name)).find((one) => one.cluster === cluster),
  };
}

/** Undefined when nobody has the service. */
export function knownOf({ services }: ExplainedParts, name: ServiceName) {
  return serviceFacts(services.offered(name), services.published(name).exports);
}

/** The ingresses of this gateway, in the order of its configuration. */
export function ingressesOf({
  config,
  ingressCertificates,
}: Pick<ExplainedParts, 'config' | 'ingressCertificates'>): readonly KnownIngress[] {
  const { current } = ingressCertificates;
  return edgeSpecOf(config).ingress.map((spec, i) => ({
    spec,
    certificates: current[i]?.certificates ?? [],
  }));
}
