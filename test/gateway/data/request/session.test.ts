/** Specifies what a client brings back of a session that a rule of a Route keeps, and how long that holds. */
import test from 'ava';
import {
  newSession,
  type Session,
  sessionIn,
  sessionValue,
} from '../../../../gateway/data/request/pick/session.ts';

const token = 'AAAAaaaa.BBBBBBBBbbbbbbbb';
const began = 1_700_000_000;
const session: Session = { backend: 'v1-of-it_', began, used: began + 60, token };
const value = sessionValue({ ...session, backend: 'v1-of-it' }, token);
const at = (seconds: number) => (began + seconds) * 1000;

test('a session is read as it was said', (t) => {
  const forEver = { absoluteMs: 0, idleMs: 0 };
  t.deepEqual(sessionIn(value, forEver, at(1e9)), { ...session, backend: 'v1-of-it' });
  const fresh = newSession('v1-of-it', at(0) + 999);
  t.deepEqual(fresh, { backend: 'v1-of-it', began, used: began, token: undefined });
});

for (const [why, absoluteMs, idleMs, seconds, holds] of [
  ['just before its absolute end', 100_000, 0, 99, true],
  ['at its absolute end', 100_000, 0, 100, false],
  ['just before it has been idle for too long', 0, 30_000, 89, true],
  ['once it has been idle for too long', 0, 30_000, 90, false],
  ['idle for too long before its absolute end', 1_000_000, 30_000, 90, false],
  ['begun in the future, by another clock', 1_000, 1_000, -3_600, true],
] as const) {
  test(`a session ${holds ? 'holds' : 'is over'} ${why}`, (t) => {
    t.is(sessionIn(value, { absoluteMs, idleMs }, at(seconds)) !== undefined, holds);
  });
}

for (const text of [
  undefined,
  '',
  token,
  `${value}.x`,
  value.replace('v1-of-it', 'v1'),
  value.replace('v1-of-it', 'v1 of it'),
  value.replace(began.toString(36), 'zzzzzzzzz'),
  `${value};`,
]) {
  test(`security: ${JSON.stringify(text)} is no session`, (t) => {
    t.is(sessionIn(text, { absoluteMs: 0, idleMs: 0 }, 0), undefined);
  });
}
