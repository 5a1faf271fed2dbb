/** Specifies which outcome of which request may be tried again, as a table. */

import test from 'ava';
import { retryVerdict, type TryOutcome } from '../../../../gateway/data/request/retry/verdict.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';

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
    const verdict = retryVerdict(method, replayable, outcome, defaultBalance.retry);
    t.deepEqual(verdict, expected, `${method} ${replayable} ${JSON.stringify(outcome)}`);
  }
});
