/** Owns a moment on screen: how long ago or how far off, kept true by the clock, the exact time on hover. */
import { clockTime, epoch, type Instant, relative } from '../format/time.ts';
import { now } from '../live/clock.ts';

/** `relative` as `4 s ago`, `clock` as `12:03:10`. */
export function Time({
  at,
  as = 'relative',
}: {
  readonly at: Instant;
  readonly as?: 'relative' | 'clock';
}) {
  const date = new Date(epoch(at));
  const iso = Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  return (
    <time dateTime={iso} title={iso} class="num">
      {as === 'relative' ? relative(at, now.value) : clockTime(at, now.value)}
    </time>
  );
}
