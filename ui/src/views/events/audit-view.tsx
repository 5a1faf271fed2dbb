/** Owns the view of the audit: every write, by whom, and what became of it. */
import type { AuditItem } from '../../../../gateway/control/api/answers.ts';
import { audit } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { Page } from '../../ui/page.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import type { Tone } from '../../ui/tone.ts';
import { JournalTabs } from './journal-tabs.tsx';

const columns: readonly Column<AuditItem>[] = [
  {
    id: 'at',
    title: 'Time',
    value: (row) => row.at,
    cell: ({ at }) => <Time at={at} as="clock" />,
  },
  {
    id: 'who',
    title: 'Who',
    value: (row) => row.who,
    cell: ({ who, via }) => (
      <span class="two-lines">
        <span>{who}</span>
        {via !== undefined && <span class="faint">{via}</span>}
      </span>
    ),
  },
  { id: 'role', title: 'Role', value: (row) => row.role },
  {
    id: 'from',
    title: 'From',
    value: (row) => row.from,
    cell: ({ from }) => <span class="mono">{from}</span>,
  },
  {
    id: 'what',
    title: 'What',
    value: ({ operation, method, path }) => operation ?? `${method} ${path}`,
    text: ({ object, path, changes }) => `${object ?? ''} ${path} ${JSON.stringify(changes ?? [])}`,
    cell: ({ operation, object, method, path, changes }) => (
      <span class="two-lines">
        <span>
          {operation} {object}
        </span>
        <code class="faint">
          {method} {path}
        </code>
        {changes !== undefined && <Changes of={changes} />}
      </span>
    ),
  },
  {
    id: 'outcome',
    title: 'Outcome',
    value: (row) => row.status,
    text: ({ code }) => code ?? '',
    cell: ({ status, code }) => (
      <span class="chips">
        <Badge tone={toneOf(status)}>{status}</Badge>
        {code !== undefined && <code>{code}</code>}
      </span>
    ),
  },
];

export default function AuditView() {
  return (
    <Page
      title="Audit"
      lead="Every change that was asked of this gateway, refused ones too, and what became other than it was."
    >
      <JournalTabs open="audit" />
      <Table
        caption="Audit"
        rows={audit.list}
        columns={columns}
        rowKey={({ id }) => id}
        defaultSort="-at"
        empty={audit.known ? 'Nothing has been written yet.' : 'Asking the gateway …'}
      />
    </Page>
  );
}

function Changes({ of }: { readonly of: NonNullable<AuditItem['changes']> }) {
  return (
    <details>
      <summary>
        {of.length} {of.length === 1 ? 'field' : 'fields'} changed
      </summary>
      <ul>
        {of.map(({ field, before, after }) => (
          <li key={field}>
            <code>{field}</code> {before !== undefined && <del>{textOf(before)}</del>}{' '}
            {after !== undefined && <ins>{textOf(after)}</ins>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function toneOf(status: number): Tone {
  if (status < 400) return 'ok';
  return status < 500 ? 'warn' : 'bad';
}
