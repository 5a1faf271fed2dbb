/** Owns slow start: an endpoint that has just come gets a growing part of its weight (Envoy's formula). */
import type { SlowStartPolicy } from '../../../policy/traffic/algorithms.ts';
import { endpointKey } from './ejections.ts';
import type { BalanceView, EndpointView, SlowStarts } from './types.ts';

/** A start is taken in this many steps. */
const steps = 20;

/** The part of its weight that an endpoint has so long after it came: `max(least, (t / window)^(1 / aggression))`, 1 from the window's end. */
export function startedPart(elapsedMs: number, policy: SlowStartPolicy): number {
  const { windowMs, aggression, minWeightPercent } = policy;
  if (elapsedMs >= windowMs) return 1;
  // Weights are positive, whatever the policy says.
  const least = Math.max(minWeightPercent / 100, 0.001);
  return Math.min(1, Math.max(least, (Math.max(0, elapsedMs) / windowMs) ** (1 / aggression)));
}

/** When the endpoints of a service came, of those that came while it was in use. */
export class Arrivals {
  readonly #at = new Map<string, number>();

  /** Endpoints that are usable in `now` and were not in `before`, be it that they were not there. */
  update(before: BalanceView, now: BalanceView, at: number): void {
    const were = new Set(usableIn(before));
    const are = new Set(usableIn(now));
    for (const key of this.#at.keys()) if (!are.has(key)) this.#at.delete(key);
    for (const key of are) if (!were.has(key)) this.#at.set(key, at);
  }

  clear(): void {
    this.#at.clear();
  }

  /** The endpoints that are within their window at `now`, and when to ask again: Infinity where there are none. */
  startingAt(now: number, policy: SlowStartPolicy): { starting: SlowStarts; nextAt: number } {
    const starting = new Map<string, number>();
    for (const [key, at] of this.#at) {
      const part = startedPart(now - at, policy);
      if (part < 1) starting.set(key, part);
      else if (now - at >= policy.windowMs) this.#at.delete(key);
    }
    const pause = Math.max(1, policy.windowMs / steps);
    return { starting, nextAt: this.#at.size === 0 ? Infinity : now + pause };
  }
}

function usableIn({ groups }: BalanceView): string[] {
  return groups.flatMap(({ endpoints = [] }) =>
    endpoints.filter(isUsable).map(({ id }) => endpointKey(id)),
  );
}

function isUsable({ health, weight }: EndpointView): boolean {
  return weight > 0 && (health === 'healthy' || health === 'degraded');
}

/** The view with the endpoints in `starting` at their part of the weight; the very view where there are none. */
export function withSlowStart(view: BalanceView, starting: SlowStarts): BalanceView {
  if (starting.size === 0) return view;
  const started = (endpoint: EndpointView): EndpointView => {
    const start = starting.get(endpointKey(endpoint.id));
    return start === undefined ? endpoint : { ...endpoint, start };
  };
  return {
    ...view,
    groups: view.groups.map((group) =>
      group.endpoints ? { ...group, endpoints: group.endpoints.map(started) } : group,
    ),
  };
}

export function slowStartText(part: number): string {
  return `starts slowly: at ${Math.round(100 * part)} % of its weight`;
}
