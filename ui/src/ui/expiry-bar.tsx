/** Owns how long something is still good for, as a bar that empties and a sentence. */
import { day, epoch, type Instant, relative } from '../format/time.ts';
import { now } from '../live/clock.ts';
import type { Tone } from './tone.ts';

/** Part of the validity that is left, and how alarming that is: under a third is a warning, under a tenth bad. */
function validity(from: number, to: number, at: number): { left: number; tone: Tone } {
  const left = to <= from ? 0 : Math.min(1, Math.max(0, (to - at) / (to - from)));
  return { left, tone: left < 0.1 ? 'bad' : left < 1 / 3 ? 'warn' : 'ok' };
}

export function ExpiryBar({
  what,
  notBefore,
  notAfter,
}: {
  readonly what: string;
  /** Where unknown, a year before the end stands in for it. */
  readonly notBefore?: Instant | undefined;
  readonly notAfter: Instant;
}) {
  const to = epoch(notAfter);
  const from = notBefore === undefined ? to - 365 * 86_400_000 : epoch(notBefore);
  const { left, tone } = validity(from, to, now.value);
  const over = to <= now.value;
  return (
    <div class={`expiry expiry-${tone}`}>
      <div class="expiry-words">
        <span>{what}</span>
        <span class="num" title={new Date(to).toISOString()}>
          {over ? 'expired' : 'expires'} {relative(to, now.value)}
          <span class="faint"> · {day(to)}</span>
        </span>
      </div>
      <div class="expiry-track" aria-hidden="true">
        <span class="expiry-fill" style={{ inlineSize: `${100 * left}%` }} />
      </div>
    </div>
  );
}
