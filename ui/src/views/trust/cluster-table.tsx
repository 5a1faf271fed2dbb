/** Owns the members as a table: where they are, how they are reached, since when. */
import type { ClusterItem } from '../../../../gateway/control/api/answers.ts';
import { ms, rate } from '../../format/number.ts';
import { day } from '../../format/time.ts';
import { clusters } from '../../live/store.ts';
import { Fingerprint } from '../../ui/fingerprint.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { ClusterState } from '../shared/cluster-state.tsx';

const columns: readonly Column<ClusterItem>[] = [
  {
    id: 'cluster',
    title: 'Cluster',
    value: (row) => row.cluster,
    cell: ({ cluster }) => <a href={`/?cluster=${cluster}`}>{cluster}</a>,
  },
  {
    id: 'region',
    title: 'Region',
    value: (row) => row.region,
    text: ({ zones }) => zones.join(' '),
    cell: ({ region, zones }) => (
      <span class="two-lines">
        {region}
        <span class="faint">{zones.join(', ')}</span>
      </span>
    ),
  },
  {
    id: 'state',
    title: 'State',
    value: (row) => row.state,
    cell: ({ state }) => <ClusterState state={state} />,
  },
  {
    id: 'rtt',
    title: 'Round trip',
    numeric: true,
    value: (row) => row.rttMs,
    cell: ({ rttMs }) => ms(rttMs),
  },
  { id: 'gateways', title: 'Gateways', numeric: true, value: (row) => row.gateways },
  {
    id: 'capacity',
    title: 'Capacity /s',
    numeric: true,
    value: (row) => row.capacity,
    cell: ({ capacity }) => rate(capacity),
  },
  {
    id: 'addresses',
    title: 'East-west',
    value: ({ eastWest }) => eastWest.join(' '),
    cell: ({ eastWest }) => <span class="mono">{eastWest.join(', ')}</span>,
  },
  {
    id: 'reached',
    title: 'Reached at',
    value: ({ reached }) => reached.map(({ address }) => address).join(' '),
    cell: ({ reached }) =>
      reached.map(({ address, scope, why }) => (
        <span class="two-lines" key={address} title={why}>
          <span class="mono">{address}</span>
          <span class="faint">{scope}</span>
        </span>
      )),
  },
  {
    id: 'bundle',
    title: 'Bundle',
    value: ({ bundle }) => bundle.fingerprints.join(' '),
    cell: ({ bundle }) =>
      bundle.fingerprints.map((fingerprint) => (
        <Fingerprint key={fingerprint} value={fingerprint} />
      )),
  },
  {
    id: 'joined',
    title: 'Joined',
    value: (row) => row.joinedAt,
    cell: ({ joinedAt }) =>
      joinedAt === undefined ? '–' : <span class="nowrap">{day(joinedAt)}</span>,
  },
];

export function ClusterTable() {
  return (
    <Table
      caption="Clusters"
      rows={clusters.list}
      columns={columns}
      rowKey={({ cluster }) => cluster}
      defaultSort="cluster"
      empty={clusters.known ? 'No cluster is known.' : 'Asking the gateway …'}
    />
  );
}
