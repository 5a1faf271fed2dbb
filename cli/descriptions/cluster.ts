/** Owns the description of a member cluster: how it is reached and trusted, what it exports, what happened to it. */
import type {
  ClusterItem,
  ExportItem,
  Items,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { clusterKind, healthyOf } from '../kinds.ts';
import { one } from '../listing.ts';
import { fieldLines, when } from '../sections.ts';
import { type Column, renderTable } from '../table.ts';
import { rtt } from '../words.ts';
import { doubt, type Findings, relatedEvents } from './description.ts';

export async function describeCluster(admin: AdminClient, name: string): Promise<Findings> {
  const cluster = await one(admin, clusterKind, name);
  const [exports, trusts, { events, section }] = await Promise.all([
    admin.get<Items<ExportItem>>('/v1/exports', { cluster: name }),
    admin.get<Items<TrustItem>>('/v1/trust'),
    relatedEvents(admin, ({ cluster: of, what }) => of === name || mentions(what, name)),
  ]);
  const isUnknown = cluster.unknownSince !== undefined;
  const trust = trusts.items.find((one) => one.cluster === name);
  return {
    data: { cluster, trust, exports: exports.items, events },
    fields: [
      ['cluster', name],
      ['state', cluster.state],
      ['unknown', doubt(cluster.unknownSince)],
      ['records', cluster.stale ? 'could not be confirmed lately: stale' : undefined],
      [
        'region',
        `${cluster.region || 'not known'}, zones ${cluster.zones.join(', ') || 'not known'}`,
      ],
      ['round trip', rtt(cluster.rttMs) ?? (cluster.state === 'self' ? undefined : 'not measured')],
      ['gateways', cluster.joinedAt === undefined ? 'not known' : `${cluster.gateways} alive`],
      [
        'capacity',
        cluster.capacity === undefined ? 'not stated' : `${cluster.capacity} requests/s`,
      ],
      ['east-west', cluster.eastWest.join(', ') || 'not known'],
      ['federation', cluster.federation.join(', ') || 'not known'],
      ['joined', when(cluster.joinedAt) ?? 'in no federation'],
    ],
    sections: [
      {
        title: 'Trust',
        body: (view) => (trust === undefined ? '' : fieldLines(trustFields(trust), view)),
        none: 'no bundle of it is known here',
      },
      {
        title: 'Addresses by which this gateway reaches it',
        body: (view) =>
          cluster.reached.length === 0 ? '' : renderTable(reachedColumns, cluster.reached, view),
        none: cluster.state === 'self' ? 'it is its own' : 'none now',
      },
      {
        title: 'Links to others, as its gateways tell',
        body: (view) =>
          cluster.links.length === 0 ? '' : renderTable(linkColumns, cluster.links, view),
        none: 'none told',
      },
      {
        title: isUnknown ? 'Exports, as it told last' : 'Exports',
        body: (view) =>
          exports.items.length === 0
            ? ''
            : renderTable(exportColumns(isUnknown), exports.items, view),
        none: 'none that this gateway knows of',
      },
      section,
    ],
  };
}

function trustFields(trust: TrustItem): [string, string | undefined][] {
  return [
    ['trust domain', trust.trustDomain],
    ['believed here', trust.self ? 'its own' : trust.believed ? 'yes' : 'no'],
    ['rotation', trust.phase],
    ['until', when(trust.notAfter)],
    ['fingerprints', trust.fingerprints.join(', ')],
    ['laggards', trust.laggards.join(', ') || undefined],
  ];
}

/** How many endpoints of a cluster are healthy is unknown where no link leads to it. */
function exportColumns(isUnknown: boolean): readonly Column<ExportItem>[] {
  const sum = (item: ExportItem, what: 'total' | 'healthy') =>
    item.localities.reduce((all, locality) => all + locality[what], 0);
  return [
    { title: 'SERVICE', cell: (e) => e.service },
    {
      title: 'HEALTHY',
      cell: (e) =>
        isUnknown
          ? `?/${sum(e, 'total')}`
          : healthyOf({ total: sum(e, 'total'), healthy: sum(e, 'healthy') }),
    },
    { title: 'TOLD', cell: (e) => when(e.updatedAt) },
  ];
}

const reachedColumns: readonly Column<ClusterItem['reached'][number]>[] = [
  { title: 'ADDRESS', cell: (one) => one.address },
  { title: 'SCOPE', cell: (one) => one.scope },
  { title: 'ADVERTISED', cell: (one) => one.advertised },
  { title: 'WHY', cell: (one) => one.why },
];

export const linkColumns: readonly Column<ClusterItem['links'][number]>[] = [
  { title: 'TO', cell: (link) => link.cluster },
  { title: 'STATE', cell: (link) => link.state },
  { title: 'RTT', cell: (link) => rtt(link.rttMs), align: 'right' },
];

/** Whether a sentence names it: `dc1`, and not `dc10` or `x.dc1`. */
export function mentions(text: string, name: string): boolean {
  return text.split(/[^\w.-]+/).some((word) => word.replace(/[.]$/, '') === name);
}
