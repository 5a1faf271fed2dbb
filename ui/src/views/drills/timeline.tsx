/** Owns a drill's timeline: what happened when, counted from the moment it came into force. */
import type { Drill, TimelineEntry } from '../../api/drills.ts';
import { clockTime } from '../../format/time.ts';
import { now } from '../../live/clock.ts';
import { Empty } from '../../ui/page.tsx';

export function Timeline({ drill }: { readonly drill: Drill }) {
  const { timeline, startedAt, createdAt } = drill;
  if (timeline.length === 0) return <Empty>Nothing has happened yet.</Empty>;
  const zero = startedAt ?? createdAt;
  return (
    <ol class="timeline" aria-live="polite">
      {timeline.map((entry) => (
        <li key={`${entry.at} ${entry.kind} ${entry.what}`} class={`entry entry-${toneOf(entry)}`}>
          <time
            class="num"
            dateTime={new Date(entry.at).toISOString()}
            title={clockTime(entry.at, now.peek())}
          >
            {offset(entry.at - zero)}
          </time>
          <span>
            {entry.what}
            <span class="event-meta">
              {entry.kind}
              {entry.cluster !== undefined && ` · ${entry.cluster}`}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function toneOf({ kind }: TimelineEntry): string {
  if (kind === 'guardrail' || kind === 'abort') return 'bad';
  if (kind === 'detected' || kind === 'shifted') return 'shift';
  return kind === 'started' || kind === 'in-force' || kind === 'reverted' || kind === 'returned'
    ? 'turn'
    : 'plain';
}

/** `+1.2 s`, `−0.3 s` */
function offset(milliseconds: number): string {
  const seconds = Math.abs(milliseconds / 1_000).toFixed(1);
  return `${milliseconds < 0 ? '−' : '+'}${seconds} s`;
}
