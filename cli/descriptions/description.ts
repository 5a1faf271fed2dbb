/** Owns the parts of a description: the data it rests on, and how they are told; and the parts that several descriptions have. */
import type { EventItem, Items } from '../../gateway/control/api/answers.ts';
import type { AdminClient } from '../admin-client.ts';
import { describe, type Field, type Section, when } from '../sections.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { counted, span } from '../words.ts';

export interface Findings {
  /** The gateway's answers, by name. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly fields: readonly Field[];
  readonly sections: readonly Section[];
}

export function description({ fields, sections }: Findings, view: View): string {
  return describe(fields, sections, view);
}

/** Most events that are told. */
const mostEvents = 10;

interface RelatedEvents {
  readonly events: readonly EventItem[];
  readonly section: Section;
}

/** The events about a thing, newest last, of all that this gateway keeps. */
export async function relatedEvents(
  admin: AdminClient,
  concerns: (event: EventItem) => boolean,
): Promise<RelatedEvents> {
  const { items } = await admin.get<Items<EventItem>>('/v1/events');
  const events = items.filter(concerns);
  const shown = events.slice(-mostEvents);
  const oldest = items[0];
  const kept =
    oldest === undefined
      ? 'this gateway has seen none at all'
      : `among the ${counted(items.length, 'event')} that this gateway keeps, since ${when(oldest.at)}`;
  return {
    events,
    section: {
      title:
        events.length > shown.length
          ? `Events, the last ${mostEvents} of ${events.length}`
          : 'Events',
      body: (view) => (shown.length === 0 ? '' : renderTable(eventColumns, shown, view)),
      none: `none, ${kept}`,
    },
  };
}

const eventColumns: readonly Column<EventItem>[] = [
  { title: 'AGE', cell: (e) => span(Date.now() - e.at), align: 'right' },
  { title: 'KIND', cell: (e) => e.kind },
  {
    title: 'WHAT',
    cell: (e) => e.what,
    overlong: 'continued',
    color: (e) =>
      ({ info: undefined, warning: 'yellow' as const, error: 'red' as const })[e.severity],
  },
];

/** The sentence about a thing that no link leads to: for how long its last known state could not be confirmed. */
export function doubt(unknownSince: number | undefined): string | undefined {
  return unknownSince === undefined
    ? undefined
    : `no link to it is up since ${when(unknownSince)}: what follows is as it was known then`;
}
