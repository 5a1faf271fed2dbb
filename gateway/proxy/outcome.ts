/** Owns what tries come to, where nobody but us can say: by status, and by the clock. */
import { formatAddress } from '../../core/address.ts';
import type { Target, TryResult } from '../balance/types.ts';
import type { FailedTry } from './message.ts';

/** What the balancer learns of a whole response: the statuses that say "cannot serve" are failures. */
export function resultOf(status: number): TryResult {
  return status >= 502 && status <= 504 ? 'failed' : 'ok';
}

/** A try that was given up because its time was up: it may have arrived. */
export function lateTry(target: Target): FailedTry {
  const who =
    target.kind === 'cluster'
      ? `Cluster ${target.cluster}`
      : formatAddress(target.endpoint.address, target.endpoint.port);
  return { sent: 'maybe', code: 'UPSTREAM_TIMED_OUT', what: `${who} has not answered in time` };
}
