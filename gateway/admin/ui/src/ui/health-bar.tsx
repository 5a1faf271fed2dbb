/** Owns healthy of total as a bar with its numbers: full, partly, none. */
import type { Tone } from './badge.tsx';

export function healthTone(healthy: number, total: number): Tone {
  if (total === 0) return 'quiet';
  if (healthy === 0) return 'bad';
  return healthy < total ? 'warn' : 'ok';
}

export function HealthBar({
  healthy,
  total,
}: {
  readonly healthy: number;
  readonly total: number;
}) {
  const part = total === 0 ? 0 : (100 * healthy) / total;
  return (
    <span class={`health health-${healthTone(healthy, total)}`}>
      <span class="health-track" aria-hidden="true">
        <span class="health-fill" style={{ inlineSize: `${part}%` }} />
      </span>
      <span class="num">
        {healthy}
        <span class="faint"> of {total}</span>
      </span>
    </span>
  );
}
