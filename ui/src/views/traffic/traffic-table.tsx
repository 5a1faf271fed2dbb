/** Owns the service graph's table twin: an edge a row. */
import type { GraphAnswer, GraphEdge } from '../../../../gateway/control/api/answers.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { Badge } from '../../ui/badge.tsx';
import { Table } from '../../ui/table.tsx';
import { calleeName, edgeColumns, edgeRows } from './traffic-rows.ts';

export function TrafficTable({
  graph,
  gathered,
}: {
  readonly graph: GraphAnswer;
  /** Whether the row's services are gathered: its times are the longest of theirs. */
  readonly gathered: boolean;
}) {
  return (
    <Table
      caption="Who calls whom from where"
      rows={edgeRows(graph)}
      rowKey={({ from, to, tier }) => `${from} ${to} ${tier}`}
      rowClass={({ tier }) => (tier === 'cluster' ? 'row-spill' : undefined)}
      defaultSort="-requests"
      empty="Nobody has asked for anything in the last minute."
      columns={[
        { ...edgeColumns.from, title: 'From' },
        {
          ...edgeColumns.to,
          title: 'Service',
          cell: ({ target }) =>
            target.service === undefined ? (
              calleeName(target)
            ) : (
              <a href={`/services/${target.service}`}>{target.service}</a>
            ),
        },
        { ...edgeColumns.in, title: 'Served in' },
        {
          ...edgeColumns.tier,
          title: 'Tier',
          cell: ({ tier }) =>
            tier === 'cluster' ? <Badge tone="spill">spill-over</Badge> : <span>{tier}</span>,
        },
        { ...edgeColumns.protocol, title: 'Protocol' },
        {
          id: 'requests',
          title: 'Requests /s',
          numeric: true,
          value: (row) => row.requestsPerSecond,
          cell: (row) => rate(row.requestsPerSecond),
        },
        {
          id: 'errors',
          title: 'Errors',
          numeric: true,
          value: (row) => ratio(row),
          cell: (row) => (
            <span class={row.errorsPerSecond > 0 ? 'text-bad' : undefined}>
              {percent(ratio(row))}
            </span>
          ),
        },
        {
          id: 'p50',
          title: gathered ? 'p50, longest' : 'p50',
          numeric: true,
          value: (row) => row.p50Ms,
          cell: (row) => ms(row.p50Ms),
        },
        {
          id: 'p99',
          title: gathered ? 'p99, longest' : 'p99',
          numeric: true,
          value: (row) => row.p99Ms,
          cell: (row) => ms(row.p99Ms),
        },
        {
          id: 'mtls',
          title: 'mTLS',
          value: ({ mtls }) => (mtls ? 'yes' : 'no'),
          cell: ({ mtls, tier }) =>
            tier === 'cluster' ? (
              <Badge tone={mtls ? 'ok' : 'bad'}>{mtls ? 'mTLS' : 'plain'}</Badge>
            ) : (
              <span class="faint">inside</span>
            ),
        },
      ]}
    />
  );
}

function ratio({ requestsPerSecond, errorsPerSecond }: GraphEdge): number {
  return requestsPerSecond > 0 ? errorsPerSecond / requestsPerSecond : 0;
}
