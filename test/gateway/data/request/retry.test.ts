/** Specifies which outcome of which request may be tried again, and after what pause, as tables. */

import test from 'ava';
import { pauseMs, retryAfterMs } from '../../../../gateway/data/request/retry/pause.ts';
import { retryVerdict, type TryOutcome } from '../../../../gateway/data/request/retry/verdict.ts';
import { defaultRetry, type RetryCondition } from '../../../../policy/traffic/retry.ts';

function failed(sent: 'no' | 'maybe'): TryOutcome {
  return { kind: 'failed', sent };
}

function answered(status: number): TryOutcome {
  return { kind: 'response', status };
}

test('only what provably never arrived or does no harm twice is tried again', (t) => {
  const free = { kind: 'retry', charged: false } as const;
  const charged = { kind: 'retry', charged: true } as const;
  const final = { kind: 'final' } as const;
  for (const [method, replayable, outcome, expected] of [
    ['GET', true, failed('no'), free],
    ['POST', true, failed('no'), free],
    ['POST', false, failed('no'), final],
    ['POST', true, failed('maybe'), final],
    ['PATCH', true, failed('maybe'), final],
    ['get', true, failed('maybe'), final],
    ['GET', true, failed('maybe'), charged],
    ['HEAD', true, failed('maybe'), charged],
    ['OPTIONS', true, failed('maybe'), charged],
    ['TRACE', true, failed('maybe'), charged],
    ['DELETE', true, failed('maybe'), charged],
    ['PUT', true, failed('maybe'), charged],
    ['PUT', false, failed('maybe'), final],
    ['GET', true, answered(503), charged],
    ['POST', true, answered(503), final],
    ['GET', true, answered(502), final],
    ['GET', true, answered(504), final],
    ['GET', true, answered(500), final],
    ['GET', true, answered(200), final],
  ] as const) {
    const verdict = retryVerdict(method, replayable, outcome, defaultRetry);
    t.deepEqual(verdict, expected, `${method} ${replayable} ${JSON.stringify(outcome)}`);
  }
});

const refused: TryOutcome = { kind: 'failed', sent: 'no', isRefused: true };
const stale: TryOutcome = { kind: 'failed', sent: 'no', isStale: true };
const says = (grpcStatus: number): TryOutcome => ({ kind: 'response', status: 200, grpcStatus });
const outcomes: Readonly<Record<string, TryOutcome>> = {
  'not connected': failed('no'),
  refused,
  reset: failed('maybe'),
  409: answered(409),
  429: answered(429),
  500: answered(500),
  502: answered(502),
  503: answered(503),
  504: answered(504),
  'grpc 1': says(1),
  'grpc 4': says(4),
  'grpc 8': says(8),
  'grpc 13': says(13),
  'grpc 14': says(14),
};
const anyFailure = ['not connected', 'refused', 'reset'];

test('each condition means what it means to Envoy', (t) => {
  const named: readonly (readonly [RetryCondition, readonly string[]])[] = [
    ['connect-failure', ['not connected']],
    ['refused-stream', ['refused']],
    ['reset', anyFailure],
    ['gateway-error', [...anyFailure, '502', '503', '504']],
    ['5xx', [...anyFailure, '500', '502', '503', '504']],
    ['retriable-4xx', ['409']],
    ['retriable-status-codes', ['429']],
    ['cancelled', ['grpc 1']],
    ['deadline-exceeded', ['grpc 4']],
    ['resource-exhausted', ['grpc 8']],
    ['internal', ['grpc 13']],
    ['unavailable', ['grpc 14']],
  ];
  for (const [condition, expected] of named) {
    const retry = { ...defaultRetry, on: [condition], statuses: [429] };
    const retried = Object.keys(outcomes).filter(
      (name) => retryVerdict('GET', true, outcomes[name] as TryOutcome, retry).kind === 'retry',
    );
    t.deepEqual(retried.sort(), [...expected].sort(), condition);
  }
});

test('a policy that names nothing has nothing tried again but what has not left', (t) => {
  const retry = { ...defaultRetry, on: [] };
  for (const outcome of Object.values(outcomes)) {
    t.is(retryVerdict('GET', true, outcome, retry).kind, 'final');
  }
  t.deepEqual(retryVerdict('POST', true, stale, retry), { kind: 'retry', charged: false });
});

test('what may do harm twice is repeated only where the policy says so in as many words', (t) => {
  const on = ['5xx', 'unavailable'] as const;
  for (const outcome of [failed('maybe'), answered(503), says(14)]) {
    const { kind } = retryVerdict('POST', true, outcome, { ...defaultRetry, on });
    t.is(kind, 'final');
    const allowed = { ...defaultRetry, on, nonIdempotent: true };
    t.deepEqual(retryVerdict('POST', true, outcome, allowed), { kind: 'retry', charged: true });
    t.is(retryVerdict('POST', false, outcome, allowed).kind, 'final');
  }
});

test('a pause is at random between nothing and what the number of the retry allows', (t) => {
  const backoff = { baseMs: 25, maxMs: 250 };
  for (const [number, most] of [
    [1, 25],
    [2, 75],
    [3, 175],
    [4, 250],
    [9, 250],
  ] as const) {
    t.is(
      pauseMs(backoff, number, () => 0),
      0,
    );
    t.is(
      pauseMs(backoff, number, () => 0.5),
      most / 2,
    );
  }
});

test('Retry-After is so many seconds, or a date', (t) => {
  const now = Date.UTC(2026, 0, 1);
  for (const [value, expected] of [
    [undefined, undefined],
    ['0', 0],
    ['2', 2000],
    ['1.5', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 2026 00:00:03 GMT', 3000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ] as const) {
    t.is(retryAfterMs(value, now), expected, value);
  }
});
