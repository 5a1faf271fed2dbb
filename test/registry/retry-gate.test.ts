/** Specifies when the registry may be dialed again. */
import test from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import { RetryGate, restAfter } from '../../registry/retry-gate.ts';
import { ManualClock } from '../support/manual-clock.ts';

const policy = (free: number) => ({ free, firstRestMs: 250, longestRestMs: 4000 });
const broken = new IsthmusError('TIMED_OUT', { what: 'No answer', where: 'a:1' });

for (const [failures, endpoints, rest] of [
  [0, 1, 0],
  [1, 1, 0],
  [2, 1, 250],
  [3, 1, 500],
  [4, 1, 1000],
  [6, 1, 4000],
  [7, 1, 4000],
  [5000, 1, 4000],
  [3, 3, 0],
  [4, 3, 250],
] as const) {
  test(`after ${failures} failures with ${endpoints} endpoints: a rest of ${rest} ms`, (t) => {
    t.is(restAfter(failures, policy(endpoints)), rest);
  });
}

test('while it rests nobody dials, and everybody hears why the last dial failed', (t) => {
  const clock = new ManualClock();
  const gate = new RetryGate(clock, policy(1));
  t.notThrows(() => gate.pass());
  gate.failed(broken);
  t.notThrows(() => gate.pass(), 'the connection broke: the next one is free');
  gate.failed(broken);
  t.throws(() => gate.pass(), { code: 'REGISTRY_UNAVAILABLE', message: 'No answer' });
  clock.advance(249);
  t.throws(() => gate.pass());
  clock.advance(1);
  t.notThrows(() => gate.pass());
});

test('an answer ends the rest, and the count starts over', (t) => {
  const gate = new RetryGate(new ManualClock(), policy(1));
  for (let i = 0; i < 9; i++) gate.failed(broken);
  gate.open();
  t.notThrows(() => gate.pass());
  gate.failed(broken);
  t.notThrows(() => gate.pass());
});
