/** Owns the view of written policies: every kind in one list, for what each is, whether it is in force, and who wrote it. */
import { policyKindNames } from '../../../../policy/kind-names.ts';
import { keyOf, type PolicySummary, scopeWords, targetText, viewPath } from '../../api/policies.ts';
import { policies, usePolicies } from '../../live/policies.ts';
import { Badge } from '../../ui/badge.tsx';
import { Page } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { changedUrl } from '../../url/changed-url.ts';
import { useQuery } from '../../url/use-query.ts';
import { decidedText } from './decided.ts';
import { Standing } from './standing.tsx';

const columns: readonly Column<PolicySummary>[] = [
  {
    id: 'policy',
    title: 'Policy',
    value: ({ namespace, name }) => `${namespace}/${name}`,
    text: ({ set }) => set ?? '',
    cell: (item) => (
      <span class="two-lines">
        <a href={viewPath(item)}>
          {item.namespace}/{item.name}
        </a>
        {item.set !== undefined && <span class="faint">of the set {item.set}</span>}
      </span>
    ),
  },
  {
    id: 'kind',
    title: 'Kind',
    value: ({ kind }) => kind,
    cell: ({ kind }) => <Badge tone="quiet">{kind}</Badge>,
  },
  { id: 'for', title: 'For', value: targetText },
  {
    id: 'state',
    title: 'State',
    value: ({ inForce }) => (inForce ? 'in force' : 'not in force'),
    text: ({ reason, warnings }) => [reason, ...warnings].join(' '),
    cell: ({ inForce, reason, warnings }) => (
      <span class="two-lines">
        <Standing inForce={inForce} reason={reason} />
        {warnings.map((warning) => (
          <span key={warning} class="text-warn">
            {warning}.
          </span>
        ))}
      </span>
    ),
  },
  { id: 'at', title: 'Holds at', value: ({ scope }) => scopeWords[scope] },
  {
    id: 'written',
    title: 'Written',
    value: ({ at }) => at,
    text: ({ by, cluster }) => `${by} ${cluster}`,
    cell: ({ by, at, cluster, scope }) => (
      <span class="two-lines">
        <Time at={at} />
        <span class="faint">
          {by}
          {scope === 'federation' && `, ${cluster}`}
        </span>
      </span>
    ),
  },
  {
    id: 'decided',
    title: 'Decided here',
    value: ({ decided }) => decidedText(decided) || undefined,
  },
];

export default function PoliciesView() {
  const problem = usePolicies();
  const { values, set } = useQuery();
  const kind = values['kind'] ?? '';
  const rows = policies.list.filter((item) => kind === '' || item.kind === kind);
  return (
    <Page
      title="Policies"
      lead="What was written for services while gateways run. What a gateway’s configuration says is not among them."
      actions={
        <a class="button button-primary" href={changedUrl('/policies/new', { kind })}>
          New policy
        </a>
      }
    >
      <ProblemNote problem={problem} />
      <Table
        caption="Policies"
        rows={rows}
        rowKey={keyOf}
        defaultSort="policy"
        columns={columns}
        empty={
          policies.known
            ? kind === ''
              ? 'No policy is written.'
              : `No ${kind} is written.`
            : 'Asking the gateway …'
        }
        tools={
          <select
            class="kind-filter"
            aria-label="Kind"
            value={kind}
            onChange={(event) => set({ kind: event.currentTarget.value })}
          >
            <option value="">All kinds</option>
            {kindsOf(policies.list).map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        }
      />
    </Page>
  );
}

/** Those of this version, and what a gateway of another version has. */
function kindsOf(list: readonly PolicySummary[]): readonly string[] {
  return [...new Set([...policyKindNames, ...list.map(({ kind }) => kind)])].sort();
}
