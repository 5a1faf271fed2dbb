/** Owns the view of events: what happened, as it happens. */
import type { EventItem } from '../../../../gateway/control/api/answers.ts';
import { events } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { Page } from '../../ui/page.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { JournalTabs } from './journal-tabs.tsx';

const tones = { info: 'info', warning: 'warn', error: 'bad' } as const;

const columns: readonly Column<EventItem>[] = [
  {
    id: 'at',
    title: 'Time',
    value: (row) => row.at,
    cell: ({ at }) => <Time at={at} as="clock" />,
  },
  {
    id: 'severity',
    title: 'Severity',
    value: (row) => row.severity,
    cell: ({ severity }) => <Badge tone={tones[severity]}>{severity}</Badge>,
  },
  { id: 'kind', title: 'Kind', value: (row) => row.kind },
  { id: 'cluster', title: 'Cluster', value: (row) => row.cluster },
  {
    id: 'what',
    title: 'What',
    value: (row) => row.what,
    text: ({ details }) => JSON.stringify(details ?? {}),
    cell: ({ what, details }) => (
      <span class="two-lines">
        {what}
        {details && (
          <span class="faint">
            {Object.entries(details)
              .map(([name, value]) => `${name} ${textOf(value)}`)
              .join(' · ')}
          </span>
        )}
      </span>
    ),
  },
];

export default function EventsView() {
  return (
    <Page title="Events" lead="What this gateway did, and saw happen.">
      <JournalTabs open="events" />
      <Table
        caption="Events"
        rows={events.list}
        columns={columns}
        rowKey={({ id }) => id}
        defaultSort="-at"
        empty={events.known ? 'Nothing has happened yet.' : 'Asking the gateway …'}
      />
    </Page>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
