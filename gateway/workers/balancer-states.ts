/** Owns what the balancers of one service have learnt, each in its own worker, as one state for people. */
import type { BalancerState } from '../balance/types.ts';

/**
 * Ejected is what at least half of the workers that use the service have ejected. Loads are those of a worker
 * where they are still on their way, if there is one: all began at the same change.
 */
export function combinedState(states: readonly BalancerState[]): BalancerState | undefined {
  const [first] = states;
  if (first === undefined) return undefined;
  const votes = new Map<string, number>();
  for (const { ejected } of states) {
    for (const key of ejected) votes.set(key, (votes.get(key) ?? 0) + 1);
  }
  const moving = states.find(({ governedLoads }) =>
    governedLoads.some(({ state }) => state.kind !== 'steady'),
  );
  return {
    ejected: new Set([...votes].filter(([, n]) => n * 2 >= states.length).map(([key]) => key)),
    governedLoads: (moving ?? first).governedLoads,
  };
}
