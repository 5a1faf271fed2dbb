/** Owns the target and the result of a probe. */
import { messageOf } from '../../../core/errors.ts';
import type { Check } from '../../../policy/health-check.ts';
import type { ProbeTls } from '../certificates/endpoint-trusts.ts';
import type { CheckedHealth } from './rise-fall.ts';

export interface ProbeResult {
  readonly health: CheckedHealth;
  /** Why, as a sentence without a trailing period. */
  readonly reason: string;
}

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly check: Check;
  /** Absent: in clear text, or as the check says. */
  readonly tls?: ProbeTls | undefined;
}

export function failed(error: Error): ProbeResult {
  return { health: 'unhealthy', reason: messageOf(error) };
}
