/** Owns the trust domains outside of the federation as a table: whose bundle is believed, how old it is, and why no newer one is had. */
import type { ForeignTrustItem, Items } from '../../../../gateway/control/api/answers.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { span } from '../../format/time.ts';
import { Badge } from '../../ui/badge.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Tone } from '../../ui/tone.ts';

/** Bundles are looked for every ten seconds at most. */
const everyMs = 5_000;

const tones: Readonly<Record<ForeignTrustItem['state'], Tone>> = {
  current: 'ok',
  failing: 'warn',
  unknown: 'bad',
};

const lastEnd = ({ roots }: ForeignTrustItem): number | undefined =>
  roots.length === 0 ? undefined : Math.max(...roots.map(({ notAfter }) => notAfter));

const columns: readonly Column<ForeignTrustItem>[] = [
  {
    id: 'domain',
    title: 'Trust domain',
    value: (row) => row.trustDomain,
    text: ({ url, profile }) => `${url} ${profile}`,
    cell: ({ trustDomain, url, profile }) => (
      <span class="two-lines">
        <span class="mono">{trustDomain}</span>
        <span class="faint">
          {url}, {profile}
        </span>
      </span>
    ),
  },
  {
    id: 'bundle',
    title: 'Bundle',
    value: (row) => row.state,
    cell: ({ state }) => <Badge tone={tones[state]}>{state}</Badge>,
  },
  { id: 'sequence', title: 'Sequence', numeric: true, value: (row) => row.sequence },
  { id: 'roots', title: 'Roots', numeric: true, value: (row) => row.roots.length },
  {
    id: 'end',
    title: 'Last root ends',
    value: lastEnd,
    cell: (row) => timeOr(lastEnd(row), 'no root'),
  },
  {
    id: 'fetched',
    title: 'Fetched',
    value: (row) => row.fetchedAt,
    cell: ({ fetchedAt }) => timeOr(fetchedAt, 'never'),
  },
  {
    id: 'hint',
    title: 'Refresh hint',
    numeric: true,
    value: (row) => row.refreshHint,
    cell: ({ refreshHint }) => refreshHint !== undefined && span(refreshHint * 1000),
  },
  {
    id: 'next',
    title: 'Next look',
    value: (row) => row.nextAt,
    cell: ({ nextAt }) => timeOr(nextAt, 'now'),
  },
  {
    id: 'problem',
    title: 'Problem',
    value: (row) => row.problem?.what,
    cell: ({ problem }) =>
      problem && (
        <span class="two-lines">
          {problem.what}
          <span class="faint">{problem.fix}</span>
        </span>
      ),
  },
];

function timeOr(at: number | undefined, none: string) {
  return at === undefined ? <span class="faint">{none}</span> : <Time at={at} />;
}

/** Nothing where the gateway believes no trust domain outside: most do not. */
export function ForeignTable() {
  const { value, problem } = useFetched<Items<ForeignTrustItem>>('/v1/trust/foreign', everyMs);
  const rows = value?.items ?? [];
  if (rows.length === 0 && problem === undefined) return null;
  return (
    <Panel
      id="foreign"
      title="Other federations"
      lead="Whose workloads an ingress here may let in, each by its own bundle. The last one stays in force while no newer can be had."
    >
      <ProblemNote problem={problem} />
      <Table
        id="foreign"
        caption="Trust domains outside of the federation"
        rows={rows}
        columns={columns}
        rowKey={({ trustDomain }) => trustDomain}
        defaultSort="domain"
        empty="None is believed."
        plain
      />
    </Panel>
  );
}
