/** Owns how the admin API lists what a gateway knows: clusters, services, endpoints and exports. */
import { fingerprintOf } from '../../../../certs/x509.ts';
import { type ClusterName, type ServiceName, serviceHost } from '../../../../core/names.ts';
import { byNaturalOrder } from '../../../../core/text-order.ts';
import { writtenDuration } from '../../../../core/written-duration.ts';
import { writtenCheck } from '../../../../policy/health-check.ts';
import type { EndpointRecord, ExportRecord } from '../../../../registry/model.ts';
import type { ClusterView, ServiceView, Snapshot } from '../../../../registry/snapshot.ts';
import { publishedLinkStates } from '../../../data/balance/view.ts';
import type { Catalog, CatalogEntry } from '../../catalog/catalog.ts';
import type { KnownServices } from '../../catalog/known-services.ts';
import { networkOf } from '../../config/addresses.ts';
import type { GatewayConfig } from '../../config/config.ts';
import type { Identity } from '../../membership/identity.ts';
import type { Membership } from '../../membership/membership.ts';
import type { LinkBoard } from '../../workers/link-board.ts';
import { reachedAt } from '../../workers/reached.ts';
import type { ClusterItem, EndpointItem, ExportItem, ServiceItem } from '../answers.ts';

/** The parts of a gateway that are listed. */
export interface ListedParts {
  readonly catalog: Pick<Catalog, 'entries' | 'find'>;
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'network' | 'region'>;
  readonly identity: Pick<Identity, 'authority'>;
  readonly membership: Pick<Membership, 'bundleOf'>;
  readonly services: Pick<KnownServices, 'endpoints' | 'listed' | 'offered' | 'published'>;
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'downSince' | 'state'> };
}

/** A gateway that is in no federation still knows its own cluster. */
export function clusterItems(gateway: ListedParts): ClusterItem[] {
  const own: ClusterView = { cluster: gateway.config.cluster, gateways: new Map() };
  const { clusters } = gateway.snapshot;
  const views = clusters.size > 0 ? [...clusters.values()] : [own];
  return views.map((view) => clusterItem(gateway, view)).sort(byName('cluster'));
}

function clusterItem({ config, identity, membership, workers }: ListedParts, view: ClusterView) {
  const { record } = view;
  const isOwn = view.cluster === config.cluster;
  const link = workers.links.state(view.cluster);
  const unknownSince = isOwn ? undefined : workers.links.downSince(view.cluster);
  const bundle = isOwn ? identity.authority.bundle() : membership.bundleOf(view.cluster);
  const roots = bundle?.roots ?? [];
  return {
    cluster: view.cluster,
    region: record?.region ?? '',
    zones: record?.zones ?? [],
    trustDomain: record?.trustDomain ?? '',
    state: isOwn ? 'self' : link.state === 'none' ? 'stale' : link.state,
    ...(link.rttMs === undefined ? {} : { rttMs: Math.round(link.rttMs * 10) / 10 }),
    reached: reachedAt(link, networkOf(config)),
    ...(unknownSince === undefined ? {} : { unknownSince }),
    stale: !isOwn && view.synced === undefined,
    gateways: view.gateways.size,
    eastWest: record?.eastWest ?? [],
    federation: record?.federation ?? [],
    bundle: {
      fingerprints: roots.map((root) => fingerprintOf(root.raw)),
      sequence: bundle?.sequence ?? 0,
      ...(roots.length > 0 && {
        notAfter: Math.min(...roots.map((root) => root.validToDate.getTime())),
      }),
    },
    ...(record?.capacity === undefined ? {} : { capacity: record.capacity }),
    links: publishedLinks(view),
    ...(record !== undefined && { joinedAt: record.joinedAt }),
  } satisfies ClusterItem;
}

/** The links of a cluster's gateways, the best to each other cluster. */
function publishedLinks(view: ClusterView): ClusterItem['links'] {
  const others = new Set([...view.gateways.values()].flatMap(({ links }) => Object.keys(links)));
  const linkTo = publishedLinkStates(view);
  return [...others].sort().flatMap((cluster) => {
    const { state, rttMs } = linkTo(cluster as ClusterName);
    return state === 'none' ? [] : [{ cluster, state, ...(rttMs === undefined ? {} : { rttMs }) }];
  });
}

export const serviceKey = ({ service }: ServiceItem): string => service;

/** Those after a key of their list, in its order; likewise below. */
export function* serviceItemsAfter(
  gateway: ListedParts,
  after: string | undefined,
): Generator<ServiceItem> {
  for (const service of gateway.services.listed.from(after)) {
    if (service !== after) yield serviceItem(gateway, service);
  }
}

function serviceItem(
  { config, services, workers }: ListedParts,
  service: ServiceName,
): ServiceItem {
  const own = services.offered(service);
  const summaries = offersOf(services.published(service));
  const ports = portNamesOf(own, summaries);
  return {
    service,
    host: serviceHost(service, config.federation),
    protocol: own[0]?.protocol ?? summaries[0]?.protocol ?? 'http',
    ...(ports.length > 0 && { ports }),
    exported: summaries.length > 0 || own.some(({ exported }) => exported),
    endpoints: {
      total: own.length,
      healthy: own.filter(({ health }) => health === 'healthy').length,
    },
    remotes: summaries
      .filter(({ cluster }) => cluster !== config.cluster)
      .map((summary) => {
        const unknownSince = workers.links.downSince(summary.cluster);
        return {
          cluster: summary.cluster,
          total: sum(summary, 'total'),
          healthy: sum(summary, 'healthy'),
          ...(unknownSince === undefined ? {} : { unknownSince }),
        };
      }),
  };
}

/** Names of the ports that any of them has. */
export function portNamesOf(
  own: readonly Pick<EndpointRecord, 'ports'>[],
  summaries: readonly Pick<ExportRecord, 'ports'>[],
): string[] {
  const here = own.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
  const there = summaries.flatMap(({ ports = {} }) => Object.keys(ports));
  return [...new Set([...here, ...there])].sort();
}

export const endpointKey = ({ service, id }: EndpointItem): string => `${service} ${id}`;

/** Endpoints of this cluster: of one service, or of all of them. */
export function* endpointItemsAfter(
  gateway: ListedParts,
  after: string | undefined,
  only?: ServiceName,
): Generator<EndpointItem> {
  const [afterService, afterId] = after?.split(' ') ?? [];
  for (const service of only === undefined ? gateway.services.listed.from(afterService) : [only]) {
    const items = endpointItemsOf(gateway, service).sort(byName('id'));
    if (service !== afterService) yield* items;
    else yield* items.filter(({ id }) => byNaturalOrder(id, afterId ?? '') > 0);
  }
}

/** Of one service, as they come. */
export function endpointItemsOf(
  { catalog, services }: ListedParts,
  service: ServiceName,
): EndpointItem[] {
  const here = new Map(
    Iterator.from(catalog.entries(service)).map((entry) => [entry.registration.id, entry] as const),
  );
  return services.endpoints(service).map((record) => {
    // As its owner registered it; what it says of itself is not what its service says of it.
    const own = catalog.find(service, record.id);
    return endpointItem(record, own ?? here.get(record.id));
  });
}

/** `entry` where the endpoint is registered with this very gateway. */
export function endpointItem(
  record: EndpointRecord,
  entry: CatalogEntry | undefined,
): EndpointItem {
  const { cluster: _cluster, region: _region, ...rest } = record;
  if (entry === undefined) {
    return { ...rest, reason: `As ${record.gateway} reports`, source: 'registry' };
  }
  const { registration, reason } = entry;
  const { source, check, ttlMs, deregisterAfterMs } = registration;
  return {
    ...{ ...rest, reason, source },
    ...(check && { check: writtenCheck(check) }),
    ...(ttlMs !== undefined && { ttl: writtenDuration(ttlMs) }),
    ...(deregisterAfterMs !== undefined && { deregisterAfter: writtenDuration(deregisterAfterMs) }),
  };
}

export const exportKey = ({ service, cluster }: ExportItem): string => `${service} ${cluster}`;

/** The exports of all clusters, or of one. */
export function* exportItemsAfter(
  { services, snapshot }: Pick<ListedParts, 'services' | 'snapshot'>,
  after: string | undefined,
  only?: ClusterName,
): Generator<ExportItem> {
  const [afterService, afterCluster = ''] = after?.split(' ') ?? [];
  for (const service of services.listed.from(afterService)) {
    const summaries = offersOf(services.published(service)).sort(byName('cluster'));
    for (const { signature: _, ...summary } of summaries) {
      const { cluster } = summary;
      const isTold = service === afterService && byNaturalOrder(cluster, afterCluster) <= 0;
      if (isTold || (only !== undefined && cluster !== only)) continue;
      yield { ...summary, stale: snapshot.clusters.get(cluster)?.synced === undefined };
    }
  }
}

/** The summaries that still name copies. */
export function offersOf({ exports }: ServiceView): ExportRecord[] {
  return [...exports.values()].filter(({ localities }) => localities.length > 0);
}

function sum(summary: ExportRecord, field: 'total' | 'healthy'): number {
  return summary.localities.reduce((total, locality) => total + locality[field], 0);
}

function byName<K extends string>(field: K) {
  return (a: Record<K, string>, b: Record<K, string>): number => byNaturalOrder(a[field], b[field]);
}
