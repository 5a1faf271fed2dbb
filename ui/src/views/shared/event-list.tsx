/** Owns the last events as a short list, for views that have something else to say. */
import type { EventItem } from '../../../../gateway/control/api/answers.ts';
import { Icon } from '../../ui/icon.tsx';
import { Empty } from '../../ui/page.tsx';
import { Time } from '../../ui/time.tsx';

const icons = { info: 'info', warning: 'warning', error: 'cross' } as const;

export function EventList({
  events,
  most,
}: {
  readonly events: readonly EventItem[];
  readonly most: number;
}) {
  if (events.length === 0) return <Empty>Nothing has happened yet.</Empty>;
  return (
    <ol class="event-list">
      {events
        .slice(-most)
        .reverse()
        .map(({ id, at, severity, cluster, what }) => (
          <li key={id} class={`event event-${severity}`}>
            <Icon name={icons[severity]} size={14} />
            <span>
              <span class="visually-hidden">{severity}: </span>
              {what}
              <span class="event-meta">
                {cluster} · <Time at={at} />
              </span>
            </span>
          </li>
        ))}
    </ol>
  );
}
