/** Owns one pair of clusters in full: what each gateway found of the other cluster, and since when it is so. */
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { OutcomeBadge, type Pair } from './outcome.tsx';

type Row = Pair['seen'][number]['findings'][number] & {
  readonly gateway: string;
  readonly at: number;
};

const columns: readonly Column<Row>[] = [
  { id: 'gateway', title: 'Seen by', value: (row) => row.gateway },
  { id: 'subject', title: 'What', value: (row) => row.subject },
  {
    id: 'outcome',
    title: 'Outcome',
    value: (row) => row.outcome,
    cell: ({ outcome }) => <OutcomeBadge outcome={outcome} />,
  },
  { id: 'what', title: 'Found', value: (row) => row.what },
  { id: 'at', title: 'Looked', value: (row) => row.at, cell: ({ at }) => <Time at={at} /> },
];

export function PairDetails({ pair: { why, since, seen } }: { readonly pair: Pair }) {
  const rows = seen.flatMap(({ gateway, at, findings }) =>
    findings.map((finding) => ({ ...finding, gateway, at })),
  );
  return (
    <>
      {(why !== undefined || since !== undefined) && (
        <p>
          {why}
          {since !== undefined && (
            <>
              {' '}
              So since <Time at={since} />.
            </>
          )}
        </p>
      )}
      {rows.length > 0 && (
        <Table
          id="found"
          caption="What was found"
          rows={rows}
          columns={columns}
          rowKey={({ gateway, subject }) => `${gateway} ${subject}`}
          empty=""
          plain
        />
      )}
    </>
  );
}
