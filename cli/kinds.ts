/** Owns the kinds of things that have names, and how each is listed: clusters, gateways, services, endpoints, exports. */
import type { InspectColor } from 'node:util';
import { formatAddress } from '../core/address.ts';
import { IsthmusError } from '../core/errors.ts';
import type {
  ClusterItem,
  EndpointItem,
  ExportItem,
  GatewayItem,
  ServiceItem,
  Status,
} from '../gateway/control/api/answers.ts';
import type { NamedKind } from './listing.ts';
import { resolveService } from './service-path.ts';
import { type Column, renderTable } from './table.ts';
import { moment, rtt, span } from './words.ts';

const stateColors: Readonly<Record<string, InspectColor>> = {
  self: 'green',
  up: 'green',
  connecting: 'yellow',
  alive: 'green',
  ending: 'yellow',
  lost: 'red',
  stale: 'yellow',
  down: 'red',
  healthy: 'green',
  degraded: 'yellow',
  unknown: 'yellow',
  unhealthy: 'red',
};

const clusterColumns: readonly Column<ClusterItem>[] = [
  { title: 'CLUSTER', cell: (c) => c.cluster },
  { title: 'REGION', cell: (c) => c.region },
  { title: 'ZONES', cell: (c) => c.zones },
  { title: 'STATE', cell: (c) => c.state, color: (c) => stateColors[c.state] },
  { title: 'RTT', cell: (c) => rtt(c.rttMs), align: 'right' },
  { title: 'GATEWAYS', cell: (c) => c.gateways, align: 'right' },
  { title: 'JOINED', cell: (c) => c.joinedAt && moment(c.joinedAt) },
  { title: 'TRUST DOMAIN', cell: (c) => c.trustDomain, wide: true },
  { title: 'EAST-WEST', cell: (c) => c.eastWest, wide: true },
  { title: 'FEDERATION', cell: (c) => c.federation, wide: true },
  { title: 'BUNDLE', cell: (c) => c.bundle.fingerprints, wide: true },
  { title: 'SEQUENCE', cell: (c) => c.bundle.sequence, wide: true, align: 'right' },
  {
    title: 'BUNDLE UNTIL',
    cell: (c) => c.bundle.notAfter && moment(c.bundle.notAfter),
    wide: true,
  },
  { title: 'CAPACITY', cell: (c) => c.capacity, wide: true, align: 'right' },
];

export const clusterKind: NamedKind<ClusterItem> = {
  plural: 'clusters',
  singular: 'cluster',
  missing: 'CLUSTER_NOT_FOUND',
  nameOf: ({ cluster }) => cluster,
  layout: (items, view) => renderTable(clusterColumns, items, view),
};

const gatewayColumns: readonly Column<GatewayItem>[] = [
  { title: 'CLUSTER', cell: (g) => g.cluster },
  { title: 'GATEWAY', cell: (g) => (g.self ? `${g.id} (asked)` : g.id) },
  { title: 'STATE', cell: (g) => g.state, color: (g) => stateColors[g.state] },
  { title: 'ZONE', cell: (g) => g.zone },
  { title: 'VERSION', cell: (g) => g.version },
  { title: 'STARTED', cell: (g) => g.startedAt && moment(g.startedAt) },
  { title: 'EAST-WEST', cell: (g) => g.eastWest, wide: true },
  { title: 'FEDERATION', cell: (g) => g.federation, wide: true },
];

export const gatewayKind: NamedKind<GatewayItem> = {
  plural: 'gateways',
  singular: 'gateway',
  missing: 'GATEWAY_NOT_FOUND',
  nameOf: ({ cluster, id }) => `${cluster}/${id}`,
  async canonical(admin, name) {
    if (name.includes('/')) return name;
    const { cluster } = await admin.get<Status>('/v1/status');
    return `${cluster}/${name}`;
  },
  layout: (items, view) => renderTable(gatewayColumns, items, view),
};

const serviceColumns: readonly Column<ServiceItem>[] = [
  { title: 'SERVICE', cell: (s) => s.service },
  { title: 'HERE', cell: (s) => healthyOf(s.endpoints), color: (s) => healthColor(s.endpoints) },
  {
    title: 'ELSEWHERE',
    cell: (s) => s.remotes.map((r) => `${r.cluster} ${remoteHealth(r)}`),
  },
  { title: 'EXPORTED', cell: (s) => yesNo(s.exported) },
  { title: 'PROTOCOL', cell: (s) => s.protocol, wide: true },
  { title: 'PORTS', cell: (s) => s.ports, wide: true },
  { title: 'HOST', cell: (s) => s.host },
];

export const serviceKind: NamedKind<ServiceItem> = {
  plural: 'services',
  singular: 'service',
  missing: 'SERVICE_NOT_FOUND',
  nameOf: ({ service }) => service,
  canonical: resolveService,
  layout: (items, view) => renderTable(serviceColumns, items, view),
};

const endpointColumns: readonly Column<EndpointItem>[] = [
  { title: 'SERVICE', cell: (e) => e.service },
  { title: 'ID', cell: (e) => e.id },
  {
    title: 'ADDRESS',
    cell: (e) => formatAddress(e.address, e.port),
  },
  { title: 'ZONE', cell: (e) => e.zone },
  { title: 'WEIGHT', cell: (e) => e.weight, align: 'right' },
  { title: 'HEALTH', cell: (e) => e.health, color: (e) => stateColors[e.health] },
  { title: 'REASON', cell: (e) => e.reason, overlong: 'continued' },
  { title: 'SOURCE', cell: (e) => e.source, wide: true },
  { title: 'GATEWAY', cell: (e) => e.gateway, wide: true },
  { title: 'EXPORTED', cell: (e) => yesNo(e.exported), wide: true },
  { title: 'LABELS', cell: (e) => labelTexts(e.labels), wide: true },
  { title: 'PORTS', cell: (e) => e.ports?.map(portText), wide: true },
];

export const endpointKind: NamedKind<EndpointItem> = {
  plural: 'endpoints',
  singular: 'endpoint',
  missing: 'ENDPOINT_NOT_FOUND',
  nameOf: ({ service, id }) => `${service}/${id}`,
  async canonical(admin, name) {
    const [service = '', ...id] = name.split('/');
    if (id.length === 0) {
      throw new IsthmusError('NAME_INVALID', {
        what: `${JSON.stringify(name)} names no endpoint`,
        fix: 'Use <service>.<namespace>/<id>, as `isthmus get endpoints -o name` lists them.',
      });
    }
    return [await resolveService(admin, service), ...id].join('/');
  },
  layout: (items, view) => renderTable(endpointColumns, items, view),
};

/** One locality of an export; an export without any still has its line. */
type ExportRow = ExportItem & Partial<ExportItem['localities'][number]>;

const exportColumns: readonly Column<ExportRow>[] = [
  { title: 'CLUSTER', cell: (e) => e.cluster },
  { title: 'SERVICE', cell: (e) => e.service },
  { title: 'REGION', cell: (e) => e.region },
  { title: 'ZONE', cell: (e) => e.zone },
  {
    title: 'HEALTHY',
    cell: (e) => healthyOf({ total: e.total ?? 0, healthy: e.healthy ?? 0 }),
    color: (e) => healthColor({ total: e.total ?? 0, healthy: e.healthy ?? 0 }),
  },
  { title: 'DEGRADED', cell: (e) => e.degraded, align: 'right' },
  { title: 'STALE', cell: (e) => yesNo(e.stale), color: (e) => (e.stale ? 'yellow' : undefined) },
  { title: 'UPDATED', cell: (e) => moment(e.updatedAt) },
  { title: 'PROTOCOL', cell: (e) => e.protocol, wide: true },
  { title: 'PORTS', cell: (e) => portCounts(e), wide: true },
];

export const exportKind: NamedKind<ExportItem> = {
  plural: 'exports',
  singular: 'export',
  missing: 'SERVICE_NOT_FOUND',
  nameOf: ({ cluster, service }) => `${cluster}/${service}`,
  async canonical(admin, name) {
    const [cluster, service = ''] = name.split('/', 2);
    return `${cluster}/${await resolveService(admin, service)}`;
  },
  layout: (items, view) => renderTable(exportColumns, items.flatMap(byLocality), view),
};

/** `grpc 2/3`: how many of all that have it are healthy. */
function portCounts({ ports = {} }: ExportItem): string[] {
  return Object.entries(ports).map(([name, counts]) => `${name} ${healthyOf(counts)}`);
}

function byLocality(item: ExportItem): ExportRow[] {
  return item.localities.length === 0
    ? [item]
    : item.localities.map((locality) => ({ ...item, ...locality }));
}

interface Counts {
  readonly total: number;
  readonly healthy: number;
}

/** Health that nobody can confirm is not told as health. */
export function remoteHealth(remote: ServiceItem['remotes'][number]): string {
  const { total, unknownSince } = remote;
  if (unknownSince === undefined) return healthyOf(remote);
  return `?/${total} (unknown for ${span(Date.now() - unknownSince)})`;
}

export function healthyOf({ total, healthy }: Counts): string {
  return `${healthy}/${total}`;
}

function healthColor({ total, healthy }: Counts): InspectColor | undefined {
  if (total === 0) return undefined;
  if (healthy === total) return 'green';
  return healthy === 0 ? 'red' : 'yellow';
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** `grpc=9090/http2`, as it is registered. */
export function portText({ name, port, protocol }: NonNullable<EndpointItem['ports']>[number]) {
  return `${name}=${port}/${protocol}`;
}

export function labelTexts(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}
