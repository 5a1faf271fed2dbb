/** Owns the endpoints that stand for hosts outside of the federation: one at each gateway that goes out. */
import type { ClusterName } from '../../../core/names.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import type { Registration } from './registration.ts';

/** `gateway`: the id of this gateway, by which its siblings' are told apart. */
export function outsideHosts(
  policies: Iterable<PolicyResource>,
  {
    cluster,
    gateway,
    zone,
  }: { readonly cluster: ClusterName; readonly gateway: string; readonly zone: string },
): Registration[] {
  const hosts = new Map<string, Registration>();
  for (const { kind, target, spec } of policies) {
    if (kind !== 'Egress' || target.service === undefined || hosts.has(target.service)) continue;
    const { host: address, port, via = cluster } = spec;
    if (via !== cluster) continue;
    hosts.set(target.service, {
      ...{ service: target.service, id: gateway, address, port, zone, weight: 1, labels: {} },
      // Who goes out by themselves need nobody else for it.
      exported: spec.via !== undefined,
      source: 'config',
    });
  }
  return [...hosts.values()];
}
