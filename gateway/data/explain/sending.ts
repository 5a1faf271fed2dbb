/** Owns telling how long a request is waited for, and when it is tried again. */
import { writtenDuration } from '../../../core/written-duration.ts';
import type { PolicyResource } from '../../../policy/effective.ts';
import type { Route } from '../request/route/route-table.ts';
import type { Decision } from './decision.ts';

type Traffic = PolicyResource & { readonly kind: 'TrafficPolicy' };

/** `policies`: those of traffic that hold for the service, more specific ones first. */
export function tellSending(
  { policy: { balance, timeouts } }: Pick<Route, 'policy'>,
  policies: readonly Traffic[],
): readonly Decision[] {
  const { requestMs, perTryMs } = timeouts;
  const { maxTries, on } = balance.retry;
  const { hedge } = balance;
  const whole = requestMs === 0 ? 'as long as it takes' : `${writtenDuration(requestMs)} in all`;
  const each = perTryMs === 0 ? '' : `, ${writtenDuration(perTryMs)} for a try`;
  const by = (part: 'balance' | 'timeouts') =>
    policies.find(({ spec }) => spec[part] !== undefined)?.name;
  const hedged =
    hedge.delayMs === 0
      ? ''
      : `; sent to one more target after each ${writtenDuration(hedge.delayMs)} without an answer, ${hedge.maxTries} at a time at most`;
  const retry = maxTries <= 1 ? 'never' : `${maxTries} tries at most: ${on.join(', ')}`;
  return [
    {
      ...{ step: 'forward', outcome: 'passes', policy: by('timeouts') },
      says: `the head of an answer is waited for: ${whole}${each}`,
    },
    {
      step: 'retry',
      outcome: 'passes',
      policy: by('balance'),
      says: `tried again: ${retry}${hedged}`,
    },
  ];
}
