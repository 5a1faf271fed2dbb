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
  { id: 'who', title: 'Who', value: (row) => row.who },
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
    text: ({ object, path }) => `${object ?? ''} ${path}`,
    cell: ({ operation, object, method, path }) => (
      <span class="two-lines">
        <span>
          {operation} {object}
        </span>
        <code class="faint">
          {method} {path}
        </code>
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
    <Page title="Audit" lead="Every write to this gateway, refused ones too.">
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

function toneOf(status: number): Tone {
  if (status < 400) return 'ok';
  return status < 500 ? 'warn' : 'bad';
}
