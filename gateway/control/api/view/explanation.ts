/** Owns the answer to `explain` of a running gateway: as seen from here, or from another cluster as far as it is known here. */

import { IsthmusError } from '../../../../core/errors.ts';
import {
  type ClusterName,
  isLabel,
  parseClusterName,
  type ServiceName,
} from '../../../../core/names.ts';
import type { Policies, PolicyResource } from '../../../../policy/effective.ts';
import { sourceOf } from '../../../../policy/record.ts';
import type { Snapshot } from '../../../../registry/snapshot.ts';
import { type ExplainedCandidate, explain } from '../../../data/balance/explain.ts';
import type { Scale } from '../../../data/balance/scaled.ts';
import type { Caller } from '../../../data/balance/types.ts';
import { viewFromAfar } from '../../../data/balance/view.ts';
import type { PartTarget } from '../../../data/request/route/ports.ts';
import { narrowed } from '../../../data/worker/service-part.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { KnownServices } from '../../catalog/known-services.ts';
import type { IngressCertificates } from '../../certificates/ingress-certificates.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { IssuerKeys } from '../../issuers/issuer-keys.ts';
import type { Workers } from '../../workers/workers.ts';
import type { ExplainAnswer } from '../answers.ts';
import { offersOf, portNamesOf } from './items.ts';

/** The parts of a gateway that balancing decisions are explained from. */
export interface ExplainedParts {
  readonly caller: Caller;
  readonly catalog: Pick<Catalog, 'entries'>;
  readonly config: GatewayConfig;
  readonly ingressCertificates: Pick<IngressCertificates, 'current'>;
  readonly policies: Policies;
  readonly issuerKeys: Pick<IssuerKeys, 'current'>;
  readonly services: Pick<KnownServices, 'balanceView' | 'offered' | 'published' | 'usable'>;
  readonly snapshot: Snapshot;
  readonly workers: Pick<Workers, 'balancerState' | 'links'>;
}

/** What is asked about instead of what is. */
export interface Imagined {
  /** Clusters that are lost. */
  readonly without: ReadonlySet<ClusterName>;
  /** Clusters that have a part of their copies. */
  readonly scale: Scale;
}

/** `from` is CLUSTER or CLUSTER/ZONE, default this gateway. Throws SERVICE_NOT_FOUND, CLUSTER_NOT_FOUND or NAME_INVALID. */
export async function explanation(
  gateway: ExplainedParts,
  { service, ...part }: PartTarget,
  from: string | undefined,
  imagined: Imagined,
): Promise<ExplainAnswer> {
  const { config, services, snapshot, workers } = gateway;
  const caller = callerAt(gateway, from);
  for (const one of [...imagined.without, ...imagined.scale.keys()]) assertMember(gateway, one);
  const own = services.offered(service);
  const published = services.published(service);
  if (own.length === 0 && offersOf(published).length === 0) {
    throw new IsthmusError('SERVICE_NOT_FOUND', {
      what: `Nobody in ${config.federation} has a service ${service}`,
    });
  }
  const { port } = part;
  if (port !== undefined && !portNamesOf(own, offersOf(published)).includes(port)) {
    throw new IsthmusError('SERVICE_NOT_FOUND', {
      what: `Nobody in ${config.federation} has a port ${port} of ${service}`,
    });
  }
  const at = port === undefined ? {} : { port };
  const asked = { service, client: caller.cluster, where: caller.cluster };
  const policy = gateway.policies.traffic(asked).balance;
  if (caller.cluster !== config.cluster) {
    const { neverTo } = gateway.policies.defaults(asked);
    const { exports } = narrowed(
      { endpoints: [], exports: published.exports },
      part,
      caller.cluster,
    );
    const view = viewFromAfar({ ...published, exports }, caller.cluster, snapshot, neverTo);
    const note = `Seen from ${config.cluster}: what the gateways of ${caller.cluster} learnt by use (ejections, a ramp under way), and the policies written there, are not known here`;
    return { ...explain(view, caller, policy, undefined, imagined), ...at, notes: [note] };
  }
  // Ejections and ramps are those of the gateway's own zone.
  const state =
    from?.includes('/') === true ? undefined : await workers.balancerState({ service, ...part });
  const isKept = own.length > 0 && !own.some(({ exported }) => exported);
  const view = services.balanceView(service, part);
  const explained = explain(view, caller, policy, state, imagined);
  return {
    ...{ ...explained, ...at },
    candidates: explained.candidates.map((candidate) => withCheck(gateway, service, candidate)),
    notes: [
      ...(isKept ? [`${service} is not exported: other clusters can't use the copies here`] : []),
      ...leftOutNotes(gateway, service),
      ...(port === undefined ? [] : withoutPortNotes(gateway, service, port)),
      ...standInNotes(gateway, explained.tiers),
      ...writtenNote(gateway.policies.balancedBy(asked)),
    ],
  };
}

/** Who has copies that are of no use here, and why. */
function leftOutNotes({ config, services }: ExplainedParts, service: ServiceName): string[] {
  const usable = services.usable(service);
  return offersOf(services.published(service))
    .filter(({ cluster }) => !usable.has(cluster))
    .map(({ cluster, to }) =>
      (to?.includes(config.cluster) ?? true)
        ? `Its copies in ${cluster} are left out: requests for it are never sent there from here`
        : `Its copies in ${cluster} are left out: it is not exported to ${config.cluster} there`,
    );
}

/** Which clusters of the tiers are reached at other addresses than they should be. */
function standInNotes(
  { config, workers }: ExplainedParts,
  tiers: ExplainAnswer['tiers'],
): string[] {
  const clusters = new Set(tiers.flatMap(({ cluster }) => cluster ?? []));
  clusters.delete(config.cluster);
  return [...clusters].flatMap((cluster) =>
    (workers.links.state(cluster as ClusterName).used ?? [])
      .filter(({ insteadOf = [] }) => insteadOf.length > 0)
      .map(
        ({ address, insteadOf = [] }) =>
          `${cluster} is reached at ${address}, instead of ${insteadOf.join(' and ')}`,
      ),
  );
}

/** Who has copies that have no such port, and are no candidates. */
function withoutPortNotes(
  { config, services }: ExplainedParts,
  service: ServiceName,
  port: string,
): string[] {
  const own = services.offered(service);
  const lacking = own.filter(({ ports = [] }) => ports.every(({ name }) => name !== port)).length;
  const others = [...services.usable(service).values()].filter(
    ({ cluster, localities, ports }) =>
      cluster !== config.cluster && localities.length > 0 && ports?.[port] === undefined,
  );
  return [
    ...(lacking === 0
      ? []
      : [`${lacking} of ${own.length} endpoints here have no port ${port}, and are no candidates`]),
    ...others.map(
      ({ cluster }) => `Its copies in ${cluster} are left out: none has a port ${port}`,
    ),
  ];
}

/** Who wonders why a service is balanced so finds it in no configuration. */
function writtenNote(policy: PolicyResource | undefined): string[] {
  const written = policy && sourceOf(policy);
  return written ? [`It is balanced as the traffic policy ${written} says`] : [];
}

/** With what the last check of an endpoint said, where it is this gateway that checks it. */
function withCheck(
  { catalog }: ExplainedParts,
  service: ServiceName,
  candidate: ExplainedCandidate,
): ExplainedCandidate {
  const { endpoint } = candidate;
  const entry = [...catalog.entries(service)].find(({ registration: { id } }) => id === endpoint);
  return entry === undefined ? candidate : { ...candidate, check: entry.reason };
}

/** Throws CLUSTER_NOT_FOUND. */
function assertMember({ config, snapshot }: ExplainedParts, cluster: ClusterName): void {
  if (cluster === config.cluster || snapshot.clusters.has(cluster)) return;
  throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
}

/** `from` is CLUSTER or CLUSTER/ZONE, default this gateway. Throws CLUSTER_NOT_FOUND or NAME_INVALID. */
export function callerAt(gateway: ExplainedParts, from: string | undefined): Caller {
  const { caller, config, snapshot } = gateway;
  const [name = config.cluster, zone] = from?.split('/') ?? [];
  const cluster = parseClusterName(name);
  if (zone !== undefined && !isLabel(zone)) {
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(zone.slice(0, 80))} is not a zone`,
    });
  }
  if (cluster === config.cluster) return { ...caller, zone: zone ?? caller.zone };
  const view = snapshot.clusters.get(cluster);
  if (!view?.record) {
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }
  const gatewayZone = [...view.gateways.values()][0]?.zone;
  return {
    cluster,
    region: view.record.region,
    zone: zone ?? gatewayZone ?? view.record.zones[0] ?? '',
  };
}
