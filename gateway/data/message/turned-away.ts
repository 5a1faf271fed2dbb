/** Owns how it is said that a breaker turned a try away. */
import type { OpenBreaker } from '../balance/breakers.ts';
import type { FailedTry } from './message.ts';

/** It reached nobody, and says nothing of the health of anything. */
export function turnedAway({ service, cluster, breaker, limit }: OpenBreaker): FailedTry {
  const what = `${service} has all under way to cluster ${cluster} that ${breaker} allows: ${limit}`;
  return { sent: 'no', code: 'CIRCUIT_OPEN', what };
}
