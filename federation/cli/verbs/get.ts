/** Owns `isthmus get`: listing what a gateway knows, one table per kind. */
import type { InspectColor } from 'node:util';
import type {
  ClusterItem,
  EndpointItem,
  ExportItem,
  Items,
  ServiceItem,
} from '../../../gateway/admin/answers.ts';
import type { Cli } from '../cli.ts';
import { list, show } from '../listing.ts';
import { resolveService } from '../service-path.ts';
import type { Column } from '../table.ts';
import type { Verb } from '../verb.ts';
import { moment, rtt } from '../words.ts';
import { getHappenings } from './get-happenings.ts';

export function getVerb(program: Verb, cli: Cli): void {
  const get = program
    .command('get')
    .description(
      'List clusters, services, endpoints, exports, trust, the graph, events or the audit.',
    )
    .examples(
      ['isthmus get clusters', 'the members, their links and round trips'],
      ['isthmus get endpoints --service api.prod -o wide', "one service's endpoints here"],
      ['isthmus get services -o json | jq .items[].host', 'for a script'],
    )
    .helpCommand(false);

  get
    .command('clusters')
    .description('List the member clusters, and how this gateway reaches them.')
    .examples(['isthmus get clusters', 'one line each'], ['isthmus get clusters -o wide', 'all'])
    .action(() => list(cli, 'clusters', clusterColumns));
  get
    .command('services')
    .description('List the services of the federation.')
    .examples(['isthmus get services', 'healthy and all endpoints, here and elsewhere'])
    .action(() => list(cli, 'services', serviceColumns));
  get
    .command('endpoints')
    .description("List the endpoints of this gateway's own cluster.")
    .option('--service <service>', 'Only those of one service.')
    .examples(['isthmus get endpoints --service api.prod', "one service's endpoints"])
    .action(async ({ service }: { service?: string }) => {
      const name = service && (await resolveService(await cli.admin(), service));
      await list(cli, 'endpoints', endpointColumns, { service: name });
    });
  get
    .command('exports')
    .description('List what clusters export: how many healthy endpoints, by locality.')
    .option('--cluster <cluster>', 'Only those of one cluster.')
    .examples(['isthmus get exports --cluster dc2', "one cluster's exports"])
    .action(async ({ cluster }: { cluster?: string }) => {
      const admin = await cli.admin();
      const answer = await admin.get<Items<ExportItem>>('/v1/exports', { cluster });
      show(cli, 'exports', answer, exportColumns, answer.items.flatMap(byLocality));
    });
  getHappenings(get, cli);
}

const stateColors: Readonly<Record<string, InspectColor>> = {
  self: 'green',
  up: 'green',
  connecting: 'yellow',
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
  { title: 'ZONES', cell: (c) => c.zones.join(',') },
  { title: 'STATE', cell: (c) => c.state, color: (c) => stateColors[c.state] },
  { title: 'RTT', cell: (c) => rtt(c.rttMs), align: 'right' },
  { title: 'GATEWAYS', cell: (c) => c.gateways, align: 'right' },
  { title: 'JOINED', cell: (c) => moment(c.joinedAt) },
  { title: 'TRUST DOMAIN', cell: (c) => c.trustDomain, wide: true },
  { title: 'EAST-WEST', cell: (c) => c.eastWest.join(','), wide: true },
  { title: 'FEDERATION', cell: (c) => c.federation.join(','), wide: true },
  { title: 'BUNDLE', cell: (c) => c.bundle.fingerprint, wide: true },
  { title: 'SEQUENCE', cell: (c) => c.bundle.sequence, wide: true, align: 'right' },
  { title: 'BUNDLE UNTIL', cell: (c) => moment(c.bundle.notAfter), wide: true },
  { title: 'CAPACITY', cell: (c) => c.capacity, wide: true, align: 'right' },
];

const serviceColumns: readonly Column<ServiceItem>[] = [
  { title: 'SERVICE', cell: (s) => s.service },
  { title: 'HERE', cell: (s) => healthyOf(s.endpoints), color: (s) => healthColor(s.endpoints) },
  {
    title: 'ELSEWHERE',
    cell: (s) => s.remotes.map((r) => `${r.cluster} ${healthyOf(r)}`).join(', '),
  },
  { title: 'EXPORTED', cell: (s) => yesNo(s.exported) },
  { title: 'PROTOCOL', cell: (s) => s.protocol, wide: true },
  { title: 'HOST', cell: (s) => s.host },
];

const endpointColumns: readonly Column<EndpointItem>[] = [
  { title: 'SERVICE', cell: (e) => e.service },
  { title: 'ID', cell: (e) => e.id },
  {
    title: 'ADDRESS',
    cell: (e) => (e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`),
  },
  { title: 'ZONE', cell: (e) => e.zone },
  { title: 'WEIGHT', cell: (e) => e.weight, align: 'right' },
  { title: 'HEALTH', cell: (e) => e.health, color: (e) => stateColors[e.health] },
  { title: 'REASON', cell: (e) => e.reason },
  { title: 'SOURCE', cell: (e) => e.source, wide: true },
  { title: 'GATEWAY', cell: (e) => e.gateway, wide: true },
  { title: 'EXPORTED', cell: (e) => yesNo(e.exported), wide: true },
  { title: 'LABELS', cell: (e) => labelsText(e.labels), wide: true },
];

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
];

function byLocality(item: ExportItem): ExportRow[] {
  return item.localities.length === 0
    ? [item]
    : item.localities.map((locality) => ({ ...item, ...locality }));
}

interface Counts {
  readonly total: number;
  readonly healthy: number;
}

function healthyOf({ total, healthy }: Counts): string {
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

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',');
}
