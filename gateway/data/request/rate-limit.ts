/** Owns refusing requests beyond the rate that a policy allows. */

import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import { writtenDuration } from '../../../core/written-duration.ts';
import type { Exchange } from '../message/exchange.ts';
import { FieldEdits } from '../message/field-edits.ts';
import { Passage } from '../message/passage.ts';
import type { Recorder } from '../observe/record.ts';
import { secondsToFull, secondsToToken, tokensLeft } from './rate-limit/bucket.ts';
import type { BucketTable } from './rate-limit/bucket-table.ts';
import { bucketKey, type CompiledLimit, type LimitLookup, limitsFor } from './rate-limit/limits.ts';
import type { Route } from './route/route-table.ts';
import { Refusal, type Step } from './step.ts';

export interface RateLimitGround {
  readonly cluster: ClusterName;
  readonly buckets: Pick<BucketTable, 'take' | 'giveBack'>;
  readonly recorder: Pick<Recorder, 'decided'>;
  /** Microseconds of a clock that all threads of the process share, and that is never set. */
  nowUs(): number;
}

/** `named`: finds what rules of Routes name, where a request goes by one. */
export function rateLimit(ground: RateLimitGround, named?: LimitLookup): Step {
  return {
    slot: 'rate-limit',
    take(exchange, route) {
      const limits = route && limitsFor(route.governed?.limits, exchange, named);
      return limits && limited(ground, limits, exchange, route);
    },
  };
}

/** A token that was taken. */
interface Taken {
  readonly one: CompiledLimit;
  readonly key: bigint;
}

/** All limits hold: where one refuses, the others are given back what they gave. */
function limited(
  { cluster, buckets, recorder, nowUs }: RateLimitGround,
  limits: readonly CompiledLimit[],
  exchange: Exchange,
  { service }: Route,
): Refusal | undefined {
  const now = nowUs();
  const isEntry = exchange.peer.kind !== 'gateway';
  const taken: Taken[] = [];
  for (const one of limits) {
    if (one.atEntry && !isEntry) continue;
    const { policy, limit, shape, mark } = one;
    const key = bucketKey(one, service, exchange, cluster);
    const fullAt = buckets.take(key, now, shape, mark);
    if (fullAt >= 0) {
      taken.push({ one, key });
      if (limit.tells === 'always') {
        const left = tokensLeft(fullAt, now, shape);
        tell(exchange, fieldsOf(one, left, secondsToFull(fullAt, now)));
      }
      continue;
    }
    recorder.decided(policy, limit.dryRun ? 'would-limit' : 'limited');
    if (limit.dryRun) continue;
    for (const other of taken) buckets.giveBack(other.key, now, other.one.shape, other.one.mark);
    return refusal(one, secondsToToken(-fullAt, now, shape));
  }
  return undefined;
}

function refusal(one: CompiledLimit, seconds: number): Refusal {
  const { requests, perMs, tells } = one.limit;
  const error = new IsthmusError('RATE_LIMITED', {
    what: `More than ${requests} requests in ${writtenDuration(perMs)}`,
    fix: `Retry after ${seconds} s.`,
  });
  const fields = ['retry-after', String(seconds)];
  return new Refusal(error, tells === 'never' ? fields : [...fields, ...fieldsOf(one, 0, seconds)]);
}

/** RateLimit header fields for HTTP, draft-ietf-httpapi-ratelimit-headers-08 and later. */
function fieldsOf({ said, shownName }: CompiledLimit, left: number, seconds: number): string[] {
  return ['ratelimit-policy', said, 'ratelimit', `${shownName};r=${left};t=${seconds}`];
}

function tell(exchange: Exchange, fields: readonly string[]): void {
  exchange.passage ??= new Passage();
  exchange.passage.editResponse(FieldEdits.of({ add: fields }));
}
