/** Owns the description of a service: its copies here and elsewhere, where requests go, what is ordered, what happened. */
import type {
  EndpointItem,
  ExplainAnswer,
  ExportItem,
  Items,
  ServiceItem,
} from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { decisionText } from '../decision.ts';
import { endpointKind, remoteHealth, serviceKind } from '../kinds.ts';
import { one } from '../listing.ts';
import { when } from '../sections.ts';
import { type Column, renderTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { percent } from '../words.ts';
import { type Findings, relatedEvents } from './description.ts';

interface Orders {
  readonly failovers: readonly {
    readonly service: string;
    readonly to: string;
    readonly percent: number;
    readonly cluster: string;
    readonly at: number;
    readonly reason?: string;
  }[];
}

export async function describeService(admin: AdminClient, name: string): Promise<Findings> {
  const service = await one(admin, serviceKind, name);
  const id = service.service;
  const [endpoints, exports, decision, orders, { events, section }] = await Promise.all([
    admin.get<Items<EndpointItem>>('/v1/endpoints', { service: id }),
    admin.get<Items<ExportItem>>('/v1/exports'),
    admin.get<ExplainAnswer>(`/v1/explain/${id}`),
    admin.get<Orders>('/v1/orders'),
    relatedEvents(admin, ({ details, what }) => details?.['service'] === id || what.includes(id)),
  ]);
  const failovers = orders.failovers.filter((order) => order.service === id);
  const updated = new Map(
    exports.items.filter((one) => one.service === id).map((one) => [one.cluster, one.updatedAt]),
  );
  const { total, healthy } = service.endpoints;
  return {
    data: { service, endpoints: endpoints.items, decision, failovers, events },
    fields: [
      ['service', id],
      ['host', service.host],
      ['protocol', service.protocol],
      ['ports', service.ports?.join(', ')],
      ['exported', service.exported ? 'yes' : 'no'],
      ['here', total === 0 ? 'no copies' : `${healthy} of ${total} healthy`],
      ...failovers.map((order): [string, string] => ['failover', failoverText(order)]),
    ],
    sections: [
      {
        title: 'Endpoints here',
        body: (view) =>
          endpoints.items.length === 0 ? '' : endpointKind.layout(endpoints.items, view),
        none: 'none',
      },
      {
        title: 'Elsewhere',
        body: (view) =>
          service.remotes.length === 0
            ? ''
            : renderTable(remoteColumns(updated), service.remotes, view),
        none: 'no other cluster exports it, as far as this gateway knows',
      },
      {
        title: 'Where requests go from here',
        body: (view) => decisionText(decision, view),
        none: '',
      },
      section,
    ],
  };
}

function failoverText({ to, percent: share, cluster, at, reason }: Orders['failovers'][number]) {
  const why = reason === undefined ? '' : `: ${printable(reason)}`;
  return `${percent(share)} to ${to}, ordered by ${cluster} ${when(at)}${why}`;
}

function remoteColumns(
  updated: ReadonlyMap<string, number>,
): readonly Column<ServiceItem['remotes'][number]>[] {
  return [
    { title: 'CLUSTER', cell: (r) => r.cluster },
    { title: 'HEALTHY', cell: remoteHealth },
    { title: 'TOLD', cell: (r) => when(updated.get(r.cluster)) },
  ];
}
