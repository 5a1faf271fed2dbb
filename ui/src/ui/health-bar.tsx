/** Owns healthy of total as a bar with its numbers: full, partly, none, or unknown and for how long. */
import { type Health, healthTone, unknownWords } from '../format/health.ts';
import { now } from '../live/clock.ts';

export function HealthBar({ health }: { readonly health: Health }) {
  const { healthy, total, unknown } = health;
  const part = total === 0 ? 0 : (100 * healthy) / total;
  const words = unknownWords(health, now.value);
  return (
    <span class={`health health-${words === undefined ? healthTone(health) : 'unknown'}`}>
      <span class="health-track" aria-hidden="true">
        <span class="health-fill" style={{ inlineSize: `${part}%` }} />
      </span>
      <span class="num">
        {unknown > 0 && unknown === total ? '?' : healthy}
        <span class="faint"> of {total}</span>
      </span>
      {words !== undefined && <span class="faint">{words}</span>}
    </span>
  );
}
