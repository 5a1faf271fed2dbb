/** Owns the map's table twin: its clusters and its links as rows. */
import { ms, rate } from '../../format/number.ts';
import { Badge } from '../../ui/badge.tsx';
import { HealthBar } from '../../ui/health-bar.tsx';
import { Table } from '../../ui/table.tsx';
import { ClusterState } from '../shared/cluster-state.tsx';
import type { MapModel } from './map-model.ts';

export function MapTable({ model }: { readonly model: MapModel }) {
  return (
    <div class="stack">
      <Table
        id="map-clusters"
        plain
        caption="Clusters"
        rows={model.clusters}
        rowKey={({ cluster }) => cluster}
        empty="No cluster is known."
        columns={[
          {
            id: 'cluster',
            title: 'Cluster',
            value: (row) => row.cluster,
            cell: ({ cluster }) => <a href={`/trust?cluster=${cluster}`}>{cluster}</a>,
          },
          { id: 'region', title: 'Region', value: (row) => row.region },
          {
            id: 'state',
            title: 'State',
            value: (row) => row.state,
            cell: ({ state }) => <ClusterState state={state} />,
          },
          {
            id: 'healthy',
            title: 'Healthy endpoints',
            value: (row) => row.health.healthy,
            cell: ({ health }) => <HealthBar health={health} />,
          },
          { id: 'gateways', title: 'Gateways', numeric: true, value: (row) => row.gateways },
          {
            id: 'served',
            title: 'Serves /s',
            numeric: true,
            value: (row) => row.served,
            cell: ({ served }) => rate(served),
          },
          {
            id: 'local',
            title: 'of its own /s',
            numeric: true,
            value: (row) => row.local,
            cell: ({ local }) => rate(local),
          },
        ]}
      />
      <Table
        id="map-links"
        plain
        caption="Links"
        rows={model.links}
        rowKey={({ id }) => id}
        empty="One cluster alone has no links."
        columns={[
          { id: 'link', title: 'Link', value: ({ a, b }) => `${a} – ${b}` },
          {
            id: 'state',
            title: 'State',
            value: ({ state }) => state,
            cell: ({ state }) => (
              <Badge tone={state === 'up' ? 'ok' : state === 'down' ? 'bad' : 'warn'}>
                {state}
              </Badge>
            ),
          },
          { id: 'mtls', title: 'mTLS', value: ({ locked }) => (locked ? 'yes' : 'no') },
          {
            id: 'rtt',
            title: 'Round trip',
            numeric: true,
            value: ({ rttMs }) => rttMs,
            cell: ({ rttMs }) => ms(rttMs),
          },
          {
            id: 'there',
            title: 'Traffic there /s',
            numeric: true,
            value: ({ there }) => there.requestsPerSecond,
            cell: ({ there }) => rate(there.requestsPerSecond),
          },
          {
            id: 'back',
            title: 'Traffic back /s',
            numeric: true,
            value: ({ back }) => back.requestsPerSecond,
            cell: ({ back }) => rate(back.requestsPerSecond),
          },
        ]}
      />
    </div>
  );
}
