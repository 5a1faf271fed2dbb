/** Owns the service graph's table twin: an edge a row. */
import type { GraphAnswer, GraphEdge, GraphNode } from '../../../../answers.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { Badge } from '../../ui/badge.tsx';
import { Table } from '../../ui/table.tsx';

interface EdgeRow extends GraphEdge {
  readonly source: GraphNode;
  readonly target: GraphNode;
}

export function TrafficTable({ graph }: { readonly graph: GraphAnswer }) {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const rows = graph.edges.flatMap((edge): EdgeRow[] => {
    const [source, target] = [nodes.get(edge.from), nodes.get(edge.to)];
    return source && target ? [{ ...edge, source, target }] : [];
  });
  return (
    <Table
      caption="Who calls whom from where"
      rows={rows}
      rowKey={({ from, to, tier }) => `${from} ${to} ${tier}`}
      rowClass={({ tier }) => (tier === 'cluster' ? 'row-spill' : undefined)}
      defaultSort="-requests"
      empty="Nobody has asked for anything in the last minute."
      columns={[
        {
          id: 'from',
          title: 'From',
          value: ({ source }) => `${source.cluster} ${source.service ?? 'clients'}`,
        },
        {
          id: 'to',
          title: 'Service',
          value: ({ target }) => target.service ?? target.id,
          cell: ({ target }) => <a href={`/services/${target.service}`}>{target.service}</a>,
        },
        { id: 'in', title: 'Served in', value: ({ target }) => target.cluster },
        {
          id: 'tier',
          title: 'Tier',
          value: ({ tier }) => tier,
          text: ({ tier }) => (tier === 'cluster' ? 'spill-over' : 'local'),
          cell: ({ tier }) =>
            tier === 'cluster' ? <Badge tone="spill">spill-over</Badge> : <span>{tier}</span>,
        },
        { id: 'protocol', title: 'Protocol', value: (row) => row.protocol },
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
          title: 'p50',
          numeric: true,
          value: (row) => row.p50Ms,
          cell: (row) => ms(row.p50Ms),
        },
        {
          id: 'p99',
          title: 'p99',
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
