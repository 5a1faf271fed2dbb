/** Owns what a policy is looked at against, to warn of one that is valid and does nothing: what its gateway knows of the federation. */
import type { ClusterName, ServiceName } from '../core/names.ts';

/** Asked at one moment; a service that nobody knows may come a second later. */
export interface Known {
  /** Whether a service is registered here, or offered by any cluster. */
  hasService(service: ServiceName): boolean;
  /** Whether any endpoint that is known of, here or elsewhere, has each of the labels. */
  hasLabels(service: ServiceName, labels: Readonly<Record<string, string>>): boolean;
  isMember(cluster: ClusterName): boolean;
  /** Whether there is a RateLimit of that name, of this cluster or of the federation. */
  hasRateLimit(namespace: string, name: string): boolean;
}

/** The sentence for a service that nobody knows; none where somebody does. */
export function unknownService(known: Known, service: ServiceName): string[] {
  return known.hasService(service) ? [] : [`No cluster has a service ${service} so far`];
}

/** A sentence for each cluster that is no member. */
export function unknownClusters(
  known: Known,
  field: string,
  clusters: readonly ClusterName[],
): string[] {
  return clusters
    .filter((cluster) => !known.isMember(cluster))
    .map((cluster) => `${field}: ${cluster} is no member of the federation`);
}
