/** Owns what a balancing decision sees: the snapshot, the catalog and the links brought together for one service and one caller. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type {
  ClusterRecord,
  EndpointRecord,
  ExportRecord,
  GatewayRecord,
} from '../../../registry/model.ts';
import type { ClusterView, ServiceView, Snapshot } from '../../../registry/snapshot.ts';
import type { BalanceView, EndpointView, Group, LinkState, RemoteCluster } from './types.ts';

/** The facts of an endpoint of the own cluster that a decision takes. */
export type EndpointFacts = Pick<
  EndpointRecord,
  | 'cluster'
  | 'id'
  | 'address'
  | 'port'
  | 'region'
  | 'zone'
  | 'weight'
  | 'protocol'
  | 'health'
  | 'exported'
> &
  Partial<Pick<EndpointRecord, 'labels' | 'ports'>>;
/** The facts of an export of the service that a decision takes. */
export type ExportFacts = Pick<
  ExportRecord,
  'cluster' | 'protocol' | 'localities' | 'labels' | 'ports'
>;
/** The facts of a cluster that a decision takes. */
export interface ClusterFacts {
  readonly record?: Pick<ClusterRecord, 'region'>;
  /** Absent = its records can't be confirmed. */
  readonly synced?: unknown;
  /** By id. */
  readonly gateways?: ReadonlyMap<string, Pick<GatewayRecord, 'zone' | 'ending'>>;
}

/** State of the links to a cluster, as its caller has them. */
export type LinkLookup = (cluster: ClusterName) => {
  readonly state: LinkState;
  readonly rttMs?: number | undefined;
};

/**
 * What a gateway of `self` sees of a service. `own` are the endpoints of its own cluster; endpoints of
 * others stay home, so that only their summaries are here.
 */
export function viewFromHere(
  service: ServiceName,
  self: ClusterName,
  own: Iterable<EndpointFacts>,
  exports: ReadonlyMap<ClusterName, ExportFacts> | undefined,
  clusters: ReadonlyMap<ClusterName, ClusterFacts>,
  links: LinkLookup,
): BalanceView {
  const groups = groupsOf(own);
  const remotes = new Map<ClusterName, RemoteCluster>();
  for (const [cluster, summary] of exports ?? []) {
    if (cluster === self) continue;
    groups.push(...summaryGroups(summary, clusters.get(cluster)));
    remotes.set(cluster, remoteOf(cluster, clusters.get(cluster), links));
  }
  return { service, groups, remotes, gateways: gatewaysOf(clusters.get(self)) };
}

/** Those that are there to stay, by zone. */
function gatewaysOf(view: ClusterFacts | undefined): BalanceView['gateways'] {
  const staying = [...(view?.gateways?.values() ?? [])].filter(({ ending }) => !ending);
  if (staying.length === 0) return undefined;
  const zones = new Map<string, number>();
  for (const { zone } of staying) zones.set(zone, (zones.get(zone) ?? 0) + 1);
  return zones;
}

/**
 * The summaries by which requests of `caller` may be sent to other clusters: of those that let it use the service, but for the
 * clusters that it is never to be sent to.
 */
export function usableFrom<E extends Pick<ExportRecord, 'to'>>(
  caller: ClusterName,
  exports: ReadonlyMap<ClusterName, E>,
  neverTo: readonly ClusterName[] = [],
): ReadonlyMap<ClusterName, E> {
  const isUsable = ([cluster, { to }]: [ClusterName, E]) =>
    cluster === caller || (!neverTo.includes(cluster) && (to?.includes(caller) ?? true));
  const usable = [...exports].filter(isUsable);
  return usable.length === exports.size ? exports : new Map(usable);
}

/**
 * The view of a gateway of another cluster, as far as the registry tells: its links are those its gateways published. `neverTo`:
 * clusters that it is known never to send requests for the service to.
 */
export function viewFromAfar(
  service: ServiceView,
  caller: ClusterName,
  snapshot: Pick<Snapshot, 'clusters'>,
  neverTo: readonly ClusterName[] = [],
): BalanceView {
  const groups: Group[] = [];
  const remotes = new Map<ClusterName, RemoteCluster>();
  const links = publishedLinkStates(snapshot.clusters.get(caller));
  for (const [cluster, summary] of usableFrom(caller, service.exports, neverTo)) {
    groups.push(...summaryGroups(summary, snapshot.clusters.get(cluster)));
    if (cluster !== caller) {
      remotes.set(cluster, remoteOf(cluster, snapshot.clusters.get(cluster), links));
    }
  }
  const gateways = gatewaysOf(snapshot.clusters.get(caller));
  return { service: service.service, groups, remotes, gateways };
}

/** State of the links to a cluster as it was published, which suspicion is not. */
type PublishedLinkLookup = (cluster: ClusterName) => {
  readonly state: Exclude<LinkState, 'suspect'>;
  readonly rttMs?: number | undefined;
};

/** The best link to each cluster among those a cluster's gateways have published. */
export function publishedLinkStates(caller: ClusterView | undefined): PublishedLinkLookup {
  const gateways = [...(caller?.gateways.values() ?? [])];
  return (cluster) => {
    const states = gateways.flatMap((gateway) => gateway.links[cluster] ?? []);
    const rtts = gateways.flatMap((gateway) => gateway.rttMs[cluster] ?? []);
    const state = states.includes('up') ? 'up' : (states[0] ?? 'none');
    return { state, rttMs: rtts.length === 0 ? undefined : Math.min(...rtts) };
  };
}

function remoteOf(
  cluster: ClusterName,
  view: ClusterFacts | undefined,
  links: LinkLookup,
): RemoteCluster {
  const { state, rttMs } = links(cluster);
  return {
    cluster,
    region: view?.record?.region ?? '',
    link: state,
    rttMs,
    ejected: undefined,
    stale: view?.synced === undefined,
  };
}

/** A remote's region comes from its enrolment, whatever its summary says. */
function summaryGroups(summary: ExportFacts, view: ClusterFacts | undefined): Group[] {
  return summary.localities.map(({ region, zone, total, healthy, degraded }) => ({
    cluster: summary.cluster,
    region: view?.record?.region ?? region,
    zone,
    total,
    healthy: Math.min(healthy, total),
    degraded: Math.min(degraded, total - Math.min(healthy, total)),
    excluded: 0,
  }));
}

/** The own cluster's endpoints, gathered by zone. */
function groupsOf(own: Iterable<EndpointFacts>): Group[] {
  const records = [...own];
  const twinsOf = twinsAmong(records);
  const zones = new Map<string, { record: EndpointFacts; endpoints: EndpointView[] }>();
  for (const record of records) {
    const zone = zones.get(record.zone) ?? { record, endpoints: [] };
    zones.set(record.zone, zone);
    const { id, address, port, protocol, weight, health } = record;
    const twins = twinsOf(record);
    const where = { id, zone: record.zone, address, port, protocol, ...(twins && { twins }) };
    zone.endpoints.push({ ...where, weight, health, ejected: undefined });
  }
  return [...zones.values()].map(({ record, endpoints }) => ({
    cluster: record.cluster,
    region: record.region,
    zone: record.zone,
    total: endpoints.length,
    healthy: count(endpoints, 'healthy'),
    degraded: count(endpoints, 'degraded'),
    excluded: endpoints.filter(({ weight }) => weight === 0).length,
    endpoints,
  }));
}

/** Finds the other ids that an endpoint's address and port are registered under. */
function twinsAmong(records: readonly EndpointFacts[]) {
  const ids = new Map<string, string[]>();
  for (const { address, port, id } of records) {
    const place = `${address} ${port}`;
    const known = ids.get(place);
    if (known) known.push(id);
    else ids.set(place, [id]);
  }
  return ({ address, port, id }: EndpointFacts): string[] | undefined => {
    const all = ids.get(`${address} ${port}`) ?? [];
    return all.length < 2 ? undefined : all.filter((one) => one !== id);
  };
}

function count(endpoints: readonly EndpointView[], health: EndpointView['health']): number {
  return endpoints.filter((endpoint) => endpoint.weight > 0 && endpoint.health === health).length;
}
