/** Owns what the balancers of one service have learnt, each in its own worker, as one state for people. */
import type { BalancerState, EjectionCause } from '../../data/balance/types.ts';

/**
 * Ejected is what at least half of the workers that use the service have ejected, for what the first of them says. Loads are those of a worker
 * where they are still on their way, if there is one: all began at the same change. Of endpoints that start slowly it is the same.
 * What breakers go by, all workers count together.
 */
export function combinedState(states: readonly BalancerState[]): BalancerState | undefined {
  const [first] = states;
  if (first === undefined) return undefined;
  const votes = new Map<string, { cause: EjectionCause; n: number }>();
  for (const { ejected } of states) {
    for (const [key, cause] of ejected) votes.getOrInsertComputed(key, () => ({ cause, n: 0 })).n++;
  }
  const moving = states.find(({ governedLoads }) =>
    governedLoads.some(({ state }) => state.kind !== 'steady'),
  );
  return {
    ejected: new Map(
      [...votes].flatMap(([key, { cause, n }]) => (n * 2 >= states.length ? [[key, cause]] : [])),
    ),
    openBreakers: first.openBreakers,
    starting: (states.find(({ starting }) => starting.size > 0) ?? first).starting,
    governedLoads: (moving ?? first).governedLoads,
  };
}
